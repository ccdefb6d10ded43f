//! Every path among the arguments of a command, so that no command writes over what it reads.

use camino::Utf8PathBuf;
use clap::ArgMatches;
use expbundle::output::Inputs;
use expbundle_format::container::SectionName;
use expbundle_format::record::Word;

/// All arguments that are paths, so that no command can forget one. Those that say where the result
/// goes are called `out`.
pub fn of(matches: &ArgMatches) -> Inputs {
    let mut inputs = Inputs::default();
    let mut matches = Some(matches);
    while let Some(these) = matches {
        inputs.written.extend(values::<Utf8PathBuf>(these, "out"));
        for id in these.ids().map(clap::Id::as_str).filter(|id| *id != "out") {
            inputs.read.extend(values::<Utf8PathBuf>(these, id));
            inputs.read.extend(values::<(Word, Utf8PathBuf)>(these, id).map(|(_, path)| path));
            inputs.read.extend(values::<(SectionName, Utf8PathBuf)>(these, id).map(|(_, path)| path));
        }
        matches = these.subcommand().map(|(_, below)| below);
    }
    inputs
}

/// The values of an argument, if they are of this type.
fn values<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> impl Iterator<Item = T> {
    matches.try_get_many::<T>(id).ok().flatten().into_iter().flatten().cloned()
}

#[cfg(test)]
mod tests {
    /// An argument of another type than those that [`super::of`] knows would not be an input.
    #[test]
    fn every_path_among_the_arguments_is_an_input() {
        let (_, inputs) = crate::commands::Arguments::parse_with_inputs(
            "expbundle create --title t --input a --output model=b --section context=c --from d --derive-from e --relation pruned-from --metrics g --telemetry h -o f"
                .split(' '),
        )
        .expect("arguments");
        let mut names: Vec<_> = inputs.read.iter().map(|path| path.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "b", "c", "d", "e", "g", "h"]);
    }
}
