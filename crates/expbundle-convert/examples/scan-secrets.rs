//! Reads texts as JSON strings, one a line, or pairs `["name", "value"]` of settings; writes what
//! is left of each without its secrets, and the kinds that were found. `benches/secret_rates.py`
//! measures with it.

use std::io::{self, BufRead, BufWriter, Write};

use expbundle_convert::scrub::Scrubber;
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let mut value: Value = serde_json::from_str(&line?)?;
        let mut scrubber = Scrubber::new(&[]);
        if let Some([Value::String(name), value]) = value.as_array().map(Vec::as_slice) {
            let mut member = json!({ name: value });
            scrubber.value("corpus", &mut member);
            writeln!(output, "{}", json!({"left": member.to_string(), "kinds": kinds(&scrubber)}))?;
        } else {
            scrubber.value("corpus", &mut value);
            writeln!(output, "{}", json!({"left": value, "kinds": kinds(&scrubber)}))?;
        }
    }
    output.flush()
}

fn kinds(scrubber: &Scrubber) -> Vec<&'static str> {
    scrubber.found().map(|(_, kind, _)| kind).collect()
}
