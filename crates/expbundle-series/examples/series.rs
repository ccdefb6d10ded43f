//! Writes a section, for measurements: `series LINES FILE` takes tab-separated points (key, step,
//! time in nanoseconds, value, text; empty is absent), `series COUNT FILE` makes so many points of
//! 21 keys.
//!
//! Prints points, bytes, seconds and peak memory.

#![expect(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a measurement prints, and narrows on purpose"
)]

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter};
use std::time::Instant;

use expbundle_series::{KeyId, Point, SeriesReader, SeriesWriter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(input), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("usage: series (LINES | COUNT) FILE".into());
    };
    let begun = Instant::now();
    let mut writer = SeriesWriter::new();
    let points = match input.parse() {
        Ok(count) => made(&mut writer, count)?,
        Err(_) => lines(&mut writer, &input)?,
    };
    let pushed = begun.elapsed();
    writer.finish(BufWriter::with_capacity(1 << 20, File::create(&output)?), None)?;
    let written = begun.elapsed();
    let cpu = cpu_seconds();
    let bytes = std::fs::metadata(&output)?.len();
    let peak = peak_kilobytes();
    let begun = Instant::now();
    let mut sum = 0.0;
    SeriesReader::open(std::fs::read(&output)?)?.for_each(|point| sum += point.value.unwrap_or(0.0))?;
    println!(
        "{points} points, {bytes} bytes, {:.3} a point, {:.2} s to push, {:.2} s in all ({cpu:.2} s of processors), {} MB at most, {:.2} s to read, sum {sum}",
        bytes as f64 / points as f64,
        pushed.as_secs_f64(),
        written.as_secs_f64(),
        peak / 1000,
        begun.elapsed().as_secs_f64(),
    );
    Ok(())
}

/// Like a tracker's: every step has every key, values of 32 bits with noise.
fn made(writer: &mut SeriesWriter, count: i64) -> Result<i64, Box<dyn std::error::Error>> {
    let keys: Vec<KeyId> =
        (0..21).map(|number| writer.key(&format!("train/metric_{number:02}"))).collect::<Result<_, _>>()?;
    let mut noise = 0x9e37_79b9_u64;
    let mut time_ns = 1_795_427_696_021_838_400;
    let numbered = (1_u32..).zip(keys);
    for (point, (number, key)) in (0..count).zip(numbered.collect::<Vec<_>>().into_iter().cycle()) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        if number == 1 {
            time_ns += 100_000_000 + i64::try_from(noise % 30_000)? * 1000;
        }
        let step = point / 21;
        let value = (1.0 + (noise % 100_000) as f64 / 1e6) * f64::from(number) / (1.0 + step as f64 / 1e4);
        let value = Some(f64::from(value as f32));
        writer.push(key, Point { step: Some(step), time_ns: Some(time_ns), value, text: None })?;
    }
    Ok(count)
}

fn lines(writer: &mut SeriesWriter, path: &str) -> Result<i64, Box<dyn std::error::Error>> {
    let mut count = 0;
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let mut cells = line.split('\t').map(|cell| Some(cell).filter(|cell| !cell.is_empty()));
        let mut next = || cells.next().flatten();
        let key = writer.key(next().unwrap_or_default())?;
        let (step, time_ns, value, text) = (next(), next(), next(), next());
        let point = Point {
            step: step.map(str::parse).transpose()?,
            time_ns: time_ns.map(str::parse).transpose()?,
            value: value.map(str::parse).transpose()?,
            text,
        };
        writer.push(key, point)?;
        count += 1;
    }
    Ok(count)
}

/// Of all threads so far, in the kernel's hundredths.
fn cpu_seconds() -> f64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = status.rsplit(") ").next().unwrap_or_default().split(' ');
    fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
