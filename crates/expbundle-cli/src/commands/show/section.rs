//! One section of a record, in words or as the JSON that it is.

use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::number::Number;
use expbundle_format::sections::{self, JsonSection as _, SourceSection};
use expbundle_words::section::outline;
use expbundle_words::{Failure, Tone, account, cell, grouped, paint, printable, table};

use crate::{Outcome, exit, series, terminal};

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

fn points(content: &expbundle::Content, name: &str) -> Outcome {
    let reader = series::open(content, name)?;
    series::affordable(&reader, content, name)?;
    let summaries = reader.summaries().map_err(|error| series::failure(&error, name))?;
    let mut rows = vec![["KEY", "POINTS", "LAST", "MIN", "MAX"].map(str::to_owned).to_vec()];
    let number = |value: Option<f64>| value.map(|value| Number(value).to_string()).unwrap_or_default();
    rows.extend(summaries.into_iter().map(|(key, line)| {
        vec![cell(&key), grouped(line.count), number(line.last), number(line.min), number(line.max)]
    }));
    terminal::say(&table(&rows));
    terminal::talk("`expbundle extract --csv` writes every point\n");
    Ok(exit::OK)
}

fn console(content: &expbundle::Content, name: &str) -> Outcome {
    let reader = series::open_console(content, name)?;
    let shown = reader.for_each(|line| {
        let text = format!("{}\n", printable(&line.line));
        terminal::say(&if line.stream == "stderr" { paint(Tone::Doubt, &text) } else { text });
    });
    shown.map(|()| exit::OK).map_err(|error| series::failure(&error, name))
}
