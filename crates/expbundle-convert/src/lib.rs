//! Maps a tracker's run to an experiment bundle and accounts for every item.
