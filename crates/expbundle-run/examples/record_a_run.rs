//! Trains a line through points, and records that: parameters, a metric, the data that went in and
//! the weights that came out.
//!
//! `cargo run -p expbundle-run --example record_a_run -- FOLDER` writes `FOLDER/run.expb`, signed
//! by a key that it makes up.

#![expect(clippy::print_stdout, reason = "it is a program")]

use std::path::PathBuf;

use expbundle_run::{Run, Signing, SigningKey};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    std::fs::create_dir_all(&folder)?;
    let points: Vec<(f64, f64)> = (0..100).map(|x| (f64::from(x) / 100.0, 3.0 * f64::from(x) / 100.0 + 1.0)).collect();
    let lines: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    std::fs::write(folder.join("points.csv"), lines.join("\n"))?;

    let rate = 0.1;
    let mut run = Run::new("a line through 100 points")
        .started("2026-11-28T03:00:00Z".parse()?)
        .notes("Gradient descent on the squared error.")
        .param("rate", rate)
        .param("steps", 500);
    run.input("dataset", folder.join("points.csv"))?;

    let (mut slope, mut offset) = (0.0, 0.0);
    for step in 0..500 {
        let errors: Vec<f64> = points.iter().map(|(x, y)| slope * x + offset - y).collect();
        let loss = errors.iter().map(|error| error * error).sum::<f64>() / 100.0;
        run.point("train/loss", step, loss)?;
        slope -= rate * errors.iter().zip(&points).map(|(error, (x, _))| error * x).sum::<f64>() / 50.0;
        offset -= rate * errors.iter().sum::<f64>() / 50.0;
    }
    std::fs::write(folder.join("line.json"), format!("{{\"slope\": {slope}, \"offset\": {offset}}}\n"))?;

    run.output("model", folder.join("line.json"))?;
    let mut run = run.ended("2026-11-28T03:00:02Z".parse()?);
    let mut bundle = run.finish()?;
    let record = bundle.only_record().ok_or("a run is one record")?;
    // In your own program: `expbundle_run::open_key("me.key", || None)?`.
    let key = SigningKey::from_seed(&[7; 32]);
    bundle.sign(record, &Signing::new(&key, "2026-11-28T03:01:00Z".parse()?))?;
    bundle.save(folder.join("run.expb"))?;
    println!("{record}");
    Ok(())
}
