//! Wrong bundles made on purpose, and a runner that drives any implementation over them.
