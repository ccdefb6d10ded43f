//! One section of a record, in words or as the JSON that it is.

use expbundle::Content;
use expbundle::verify::Intact;
use expbundle_convert::points;
use expbundle_format::RecordId;
use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::sections::{self, JsonSection as _, SourceSection};
use expbundle_words::section::outline;
use expbundle_words::{Failure, Tone, account, conversion, paint, printable};

use crate::{Outcome, exit, terminal};

/// One section in words, or with `--json` the JSON that it is.
pub(super) fn show_section(intact: &Intact, id: RecordId, name: &str, as_json: bool) -> Outcome {
    let (name, content) = expbundle_query::section(intact, id, name)?;
    let full = name.as_str();
    if as_json && full.ends_with(".parquet") {
        return Err(Failure::usage(format!("`{full}` is not JSON")).help("`expbundle extract --csv` writes its points"));
    }
    if full == sections::METRICS || full == sections::TELEMETRY {
        return points(content, full);
    }
    if full == sections::CONSOLE {
        return console(content, full);
    }
    let bytes = content
        .read(Limits::default().section_bytes)
        .map_err(|error| Failure::new("cli.io", format!("the section cannot be read: {error}")).at(full))?;
    let Ok(value) = json::parse(&bytes, &Limits::default()) else {
        return Err(
            Failure::usage(format!("`{full}` is not JSON")).help("`expbundle extract --section` writes its bytes")
        );
    };
    if as_json {
        terminal::say_json_text(&String::from_utf8_lossy(&bytes));
    } else if full == SourceSection::NAME {
        let source = intact.json_section::<SourceSection>(id).unwrap_or_default();
        terminal::say(&account::words(&source.account));
        terminal::say(&outline(&value));
    } else {
        terminal::say(&outline(&value));
    }
    Ok(exit::OK)
}

fn points(content: &Content, name: &str) -> Outcome {
    let summaries = points::summaries(content).map_err(|error| conversion::points(error, name))?;
    terminal::say(&conversion::summaries(&summaries));
    let which = if name == sections::TELEMETRY { " --telemetry" } else { "" };
    terminal::talk(&format!("`expbundle extract --csv{which}` writes every point\n"));
    Ok(exit::OK)
}

fn console(content: &Content, name: &str) -> Outcome {
    let shown = points::console(content, |line| {
        let text = format!("{}\n", printable(&line.line));
        terminal::say(&if line.stream == "stderr" { paint(Tone::Doubt, &text) } else { text });
    });
    shown.map(|()| exit::OK).map_err(|error| conversion::points(error, name))
}
