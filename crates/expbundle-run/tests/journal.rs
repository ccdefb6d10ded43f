//! What a run was told is in its journal when the call returns, and comes back from it.

use std::fs;
use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_run::format::Code;
use expbundle_run::format::number::Number;
use expbundle_run::format::record::Status;
use expbundle_run::format::sections::{Basis, Charge, Evaluation, Event, Events, Person, ResourceUse, SourceSection};
use expbundle_run::table::{Columns, Table};
use expbundle_run::{Intact, JournalError, Param, Point, Recovered, Run, RunError, Time};
use proptest::prelude::*;

struct Place {
    _kept: tempfile::TempDir,
    folder: Utf8PathBuf,
    journal: Utf8PathBuf,
}

fn place() -> Place {
    let kept = tempfile::tempdir().expect("room");
    let folder = Utf8Path::from_path(kept.path()).expect("UTF-8").to_owned();
    fs::write(folder.join("weights.bin"), "weights").expect("room");
    fs::create_dir(folder.join("data")).expect("room");
    fs::write(folder.join("data/a.txt"), "a").expect("room");
    let journal = folder.join("run.expj");
    Place { _kept: kept, folder, journal }
}

fn journaled(mut run: Run, path: impl AsRef<std::path::Path>) -> Run {
    run.journal(path).expect("new");
    run
}

fn at(text: &str) -> Time {
    text.parse().expect("a time")
}

/// Tells a run of everything that a run can be told of.
fn tell(run: Run, folder: &Utf8Path) -> Result<Run, RunError> {
    let base = Run::origin("base").output("model", folder.join("weights.bin"))?.finish()?;
    let parent = base.only_record().expect("one");
    let mut run = run
        .started(at("2026-11-28T03:00:00Z"))
        .tracked_by("mine", "r1")
        .notes("by Ada Lovelace, in /home/lovelace/runs")
        .tag("first")
        .param("lr", 0.1)
        .param("huge", u64::MAX)
        .param("nan", f64::NAN);
    run.input("dataset", folder.join("data"))?.output("model", folder.join("weights.bin"))?.derived_from(
        &base,
        parent,
        "fine-tuned-from",
    )?;
    run.takes_outputs_of(&base, parent)?;
    run.identity().people.push(Person { name: "Ada Lovelace".to_owned(), ..Person::default() });
    run.context().tags.push("second".to_owned());
    run.add_params([("late".to_owned(), Param::from(-0.0)), ("lr".to_owned(), Param::from(0.2))])?;
    for step in 0..3 {
        run.point("loss", step, 1.0 / (step as f64 + 3.0))?;
    }
    run.together(|run| {
        let moment = Point { step: Some(7), time_ns: Some(1_764_500_000_000_000_001), ..Point::default() };
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324, f64::MAX, 1e16, 3.0] {
            run.log("odd \"name\"\n", Point { value: Some(value), ..moment })?;
        }
        run.log("text", Point { text: Some("a\u{0}b ✓"), ..moment })?;
        run.log("both", Point { value: Some(1.0), text: Some("1.00"), ..moment })?;
        run.log("both", Point { value: Some(f64::NAN), text: Some("nan?"), ..moment })?;
        run.log("neither", moment)?;
        run.log("bare", Point { value: Some(2.0), ..Point::default() })?;
        run.log_system("gpu/0", Point { value: Some(97.5), ..moment })
    })??;
    run.final_value("accuracy", 0.93)?;
    let table = folder.join("points.csv");
    fs::write(&table, "step,val/loss\n0,0.5\n1,0.25\n")?;
    run.metrics_from(Table::open(fs::File::open(&table)?)?, &Columns::default())?;
    let event =
        |kind: &str| Event { kind: kind.to_owned(), time: Some(at("2026-11-28T03:09:00Z")), ..Event::default() };
    run.add_event(event("checkpoint"))?;
    run.add_event(event("restart"))?;
    let used = |amount| ResourceUse {
        resource: "gpu".to_owned(),
        model: None,
        amount: Number(amount),
        unit: "h".to_owned(),
        basis: Basis::Measured,
        method: None,
    };
    run.add_use(used(3.5))?;
    run.add_use(used(1e29))?;
    let (amount, currency) = ("12.40".to_owned(), "EUR".to_owned());
    run.add_charge(Charge { amount, currency, basis: Basis::Billed, ..charge() })?;
    run.add_evaluation(Evaluation { metric: "f1".to_owned(), value: Some(Number(0.5)), ..Evaluation::default() })?;
    run.file_section(&"own.json".parse().expect("a name"), br#"{"b": 1.0, "a": [null, {}]}"#.to_vec())?;
    run.file_section(&"own.bin".parse().expect("a name"), vec![0, 255, 10, 13])?;
    run.file_section(&"summary.json".parse().expect("a name"), br#"{"declared": {"best": 1}}"#.to_vec())?;
    Ok(run)
}

fn charge() -> Charge {
    Charge {
        amount: String::new(),
        currency: String::new(),
        basis: Basis::Estimated,
        rate: None,
        rate_unit: None,
        rate_source: None,
        rate_date: None,
    }
}

fn bytes(intact: &Intact) -> Vec<u8> {
    let mut bytes = Vec::new();
    intact.bundle().write(&mut bytes).expect("memory");
    bytes
}

fn end(mut run: Run) -> Vec<u8> {
    run.end(Some(Status::Finished), Some(at("2026-11-28T04:00:00Z")));
    bytes(&run.finish().expect("a bundle"))
}

fn message<T>(result: Result<T, RunError>) -> String {
    result.err().map(|error| error.to_string()).expect("an error")
}

#[test]
fn the_same_calls_give_the_same_bytes_with_a_journal_and_from_it() {
    let place = place();
    let without = tell(Run::new("run"), &place.folder).expect("told");
    let with = tell(journaled(Run::new("run"), &place.journal), &place.folder).expect("told");
    // As it was when the process was killed.
    let killed = place.folder.join("killed.expj");
    fs::copy(&place.journal, &killed).expect("room");
    let wanted = end(without);
    assert!(end(with) == wanted);
    for path in [&killed, &place.journal] {
        let Recovered { run, findings } = Run::recover(path).expect("a journal");
        assert_eq!(findings, []);
        assert!(end(run) == wanted, "{path}");
    }
    let resumed = Run::resume(&killed).expect("a journal");
    assert!(end(resumed.run) == wanted);
    // The end is in it too.
    let finished = Run::recover(&place.journal).expect("a journal").run.finish().expect("a bundle");
    assert!(bytes(&finished) == wanted);
}

#[test]
fn a_journal_that_begins_late_has_what_was_told_before() {
    let place = place();
    let told = |run: Run| {
        let mut run = run.tag("a");
        run.output("model", place.folder.join("weights.bin")).expect("a file");
        run
    };
    let early = told(journaled(Run::new("run"), &place.journal)).finish().expect("a bundle");
    let late = place.folder.join("late.expj");
    drop(journaled(told(Run::new("run")), &late));
    let recovered = Run::recover(&late).expect("a journal").run.finish().expect("a bundle");
    let record = |intact: &Intact| intact.records().values().next().expect("one").body().clone();
    assert_eq!(record(&recovered).outputs, record(&early).outputs);
    assert_eq!(record(&recovered).status, Some(Status::Unknown));
    let mut run = Run::new("run");
    run.point("loss", 0, 0.5).expect("room");
    assert!(message(run.journal(place.folder.join("x.expj"))).contains("would lack the points"));
}

#[test]
fn what_is_not_known_of_the_end_is_unknown() {
    let place = place();
    let mut run = journaled(Run::new("run").started(at("2026-11-28T03:00:00Z")), &place.journal);
    let later = at("2026-11-28T03:05:00Z");
    run.log(
        "loss",
        Point { time_ns: i64::try_from(later.as_nanoseconds()).ok(), value: Some(0.5), ..Point::default() },
    )
    .expect("room");
    drop(run);
    let recovered = Run::recover(&place.journal).expect("a journal").run;
    assert_eq!((recovered.told_status(), recovered.told_end()), (Some(Status::Unknown), Some(later)));
    let mut told = Run::resume(&place.journal).expect("a journal").run;
    assert_eq!((told.told_status(), told.told_end()), (None, None));
    told.end(Some(Status::Failed), Some(at("2026-11-28T03:06:00Z")));
    told.keep().expect("room");
    drop(told);
    let told = Run::recover(&place.journal).expect("a journal").run;
    assert_eq!((told.told_status(), told.told_end()), (Some(Status::Failed), Some(at("2026-11-28T03:06:00Z"))));
}

#[test]
fn one_run_writes_a_journal() {
    let place = place();
    let run = journaled(Run::new("run"), &place.journal);
    let mut another = Run::new("run");
    let second = another.journal(&place.journal);
    assert!(matches!(second, Err(RunError::Journal { why: JournalError::Exists, .. })));
    assert!(matches!(Run::resume(&place.journal), Err(RunError::Journal { why: JournalError::Busy, .. })));
    assert!(Run::recover(&place.journal).is_ok(), "to read is no danger");
    drop(run);
    let mut first = Run::resume(&place.journal).expect("free again").run;
    first.point("loss", 0, 0.5).expect("room");
    assert!(matches!(Run::resume(&place.journal), Err(RunError::Journal { why: JournalError::Busy, .. })));
    drop(first);
    let run = Run::recover(&place.journal).expect("a journal").run;
    assert_eq!(points(run), 1);
    assert!(Run::recover(place.folder.join("nothing")).is_err());
    for none in ["weights.bin", "data"] {
        let error = message(Run::recover(place.folder.join(none)));
        assert!(error.ends_with("is not a journal"), "{error}");
    }
}

/// How many points of metrics there are in the end.
fn points(mut run: Run) -> u64 {
    let intact = run.finish().expect("a bundle");
    let record = intact.only_record().expect("one");
    let summary: expbundle_run::format::sections::Summary = intact.json_section(record).unwrap_or_default();
    summary.series.values().map(|one| one.count).sum()
}

#[test]
fn what_comes_before_a_cut_is_recovered() {
    let place = place();
    let mut run = journaled(Run::new("run"), &place.journal);
    let mut lengths = Vec::new();
    for step in 0..8 {
        run.point("loss", step, 0.5).expect("room");
        lengths.push(fs::metadata(&place.journal).expect("there").len());
    }
    drop(run);
    let whole = fs::read(&place.journal).expect("there");
    let cut = place.folder.join("cut.expj");
    let begins = usize::try_from(lengths[0]).expect("small") - 20;
    for length in begins..=whole.len() {
        fs::write(&cut, &whole[..length]).expect("room");
        let Recovered { run, findings } = Run::recover(&cut).expect("a journal");
        let returned = lengths.iter().filter(|one| **one <= length as u64).count() as u64;
        assert_eq!(findings.len(), usize::from(whole[length - 1] != b'\n'), "{length}");
        assert_eq!(points(run), returned, "{length}");
    }
    // Without a whole description there is still a run, and it says what is missing.
    for length in (0..begins).step_by(11) {
        fs::write(&cut, &whole[..length]).expect("room");
        match Run::recover(&cut) {
            Ok(mut recovered) => assert!(recovered.run.finish().is_ok(), "{length}"),
            Err(error) => assert!(error.to_string().ends_with("is not a journal"), "{length}: {error}"),
        }
    }
}

#[test]
fn damaged_lines_take_no_others_with_them() {
    let place = place();
    let mut run = journaled(Run::new("run").tag("kept"), &place.journal);
    for step in 0..10 {
        run.point("loss", step, 0.5).expect("room");
    }
    drop(run);
    let whole = String::from_utf8(fs::read(&place.journal).expect("there")).expect("UTF-8");
    let lines: Vec<&str> = whole.lines().collect();
    let with = |at: usize, line: &str| {
        let mut lines = lines.clone();
        lines[at] = line;
        fs::write(&place.journal, lines.join("\n") + "\n").expect("room");
        Run::recover(&place.journal).expect("a journal")
    };
    let last = lines.len() - 1;
    for line in
        ["\0\0\0", "[\"metrics\",3", "[\"metrics\",3,null,\"loss\"]", "{}", "[]", "[\"set\",\"a.json\"]", "\u{fffd}"]
    {
        let Recovered { mut run, findings } = with(last - 3, line);
        assert_eq!(findings.len(), 1, "{line}");
        assert_eq!(findings[0].code, Code::SourceDamaged);
        assert_eq!(findings[0].place.to_string(), format!("run.expj:{}", last - 2));
        let intact = run.finish().expect("a bundle");
        let source: SourceSection = intact.json_section(intact.only_record().expect("one")).expect("there");
        assert_eq!((source.damage.len(), source.damage[0].code.as_str()), (1, "source.damaged"));
    }
    let Recovered { run, findings } = with(last, "[\"sounds\",1]");
    assert_eq!((findings.len(), findings[0].code), (1, Code::SourceUnsupported));
    assert_eq!(points(run), 9);
    let Recovered { run, findings } = with(0, "{\"expbundle-journal\":2}");
    assert!(findings.len() == 1 && findings[0].message.contains("version 2"), "{findings:?}");
    assert_eq!(points(run), 10);
    // A title that is lost is named, and so is a section that is not as the format has it.
    let at = lines.iter().position(|line| line.contains("context.json")).expect("there");
    let Recovered { run, findings } = with(at, "[\"set\",\"context.json\",{\"title\":7}]");
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert_eq!(points(run), 10);
}

#[test]
fn a_journal_goes_on_behind_a_torn_line() {
    let place = place();
    let mut run = journaled(Run::new("run"), &place.journal);
    run.point("loss", 0, 0.5).expect("room");
    drop(run);
    let mut file = fs::OpenOptions::new().append(true).open(&place.journal).expect("there");
    file.write_all(b"[\"metrics\",1,null,\"lo").expect("room");
    drop(file);
    let Recovered { mut run, findings } = Run::resume(&place.journal).expect("a journal");
    assert_eq!((findings.len(), findings[0].code), (1, Code::SourceTruncated));
    run.point("loss", 2, 0.5).expect("room");
    run.point("loss", 3, 0.5).expect("room");
    drop(run);
    let Recovered { run, findings } = Run::recover(&place.journal).expect("a journal");
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(points(run), 3);
}

#[test]
fn secrets_are_not_written() {
    let place = place();
    let token = "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";
    let written = || fs::read_to_string(&place.journal).expect("text").contains(token);
    let mut run = journaled(Run::new("run"), &place.journal).param("token", token).param("lr", 0.1);
    run.log("note", Point { text: Some(token), ..Point::default() }).expect("room");
    run.point(&format!("loss {token}"), 0, 0.5).expect("room");
    run.context().notes = Some(token.to_owned());
    run.keep().expect("room");
    let event = Event { kind: "alert".to_owned(), text: Some(token.to_owned()), ..Event::default() };
    assert!(matches!(run.add_event(event), Err(RunError::Secrets { .. })));
    for (name, text) in [("own.txt", token.to_owned()), ("own.json", format!("{{\"a\": \"{token}\"}}"))] {
        let refused = run.file_section(&name.parse().expect("a name"), text.into());
        assert!(matches!(refused, Err(RunError::Secrets { .. })), "{name}");
    }
    assert!(!written());
    let Recovered { run: mut recovered, findings } = Run::recover(&place.journal).expect("a journal");
    assert_eq!(findings.iter().filter(|finding| finding.code == Code::SourceSecret).count(), 4, "{findings:?}");
    let intact = recovered.finish().expect("markers are no secrets");
    let source: SourceSection = intact.json_section(intact.only_record().expect("one")).expect("there");
    assert_eq!(source.account.secrets.values().sum::<u64>(), 4);
    // Whoever says that it is none has it in the journal from then on, but for points that are
    // written already.
    run.allow(["hugging-face-token".to_owned(), "huggingface-token".to_owned()]);
    let kinds: Vec<String> = source.account.secrets.keys().cloned().collect();
    run.allow(kinds);
    run.keep().expect("room");
    assert!(written());
    let left = Run::recover(&place.journal).expect("a journal").findings;
    assert_eq!(left.len(), 2, "{left:?}");
    let refused = journaled(Run::new("run"), place.folder.join("b.expj")).param("token", token).finish();
    assert!(matches!(refused, Err(RunError::Secrets { .. })));
}

#[test]
fn a_list_that_grows_is_not_written_again() {
    let place = place();
    let mut run = journaled(Run::new("run"), &place.journal);
    let size = || fs::metadata(&place.journal).expect("there").len();
    let event = Event { kind: "checkpoint".to_owned(), ..Event::default() };
    run.add_event(event.clone()).expect("room");
    let before = size();
    run.add_event(event.clone()).expect("room");
    let one = size() - before;
    for _ in 0..50 {
        run.add_event(event.clone()).expect("room");
    }
    assert_eq!(size() - before, 51 * one);
    drop(run);
    let intact = Run::recover(&place.journal).expect("a journal").run.finish().expect("a bundle");
    let events: Events = intact.json_section(intact.only_record().expect("one")).expect("there");
    assert_eq!(events.events.len(), 52);
}

#[test]
fn a_hostile_journal_is_read_in_bounds() {
    let place = place();
    let head = "{\"expbundle-journal\":1}\n[\"set\",\"context.json\",{\"title\":\"t\"}]\n";
    let read = |more: &str| {
        fs::write(&place.journal, format!("{head}{more}\n")).expect("room");
        let Recovered { mut run, findings } = Run::recover(&place.journal).expect("a journal");
        assert!(!findings.is_empty(), "{}", more.get(..80).unwrap_or(more));
        run.finish().expect("a bundle")
    };
    let deep = format!("[\"set\",\"a.json\",{}{}]", "[".repeat(5000), "]".repeat(5000));
    let wide = format!("[\"set\",\"a.json\",[{}0]]", "0,".repeat(2 << 20));
    let many = format!("[\"metrics\",0,0{}]", ",\"a\",0".repeat(70_000));
    for more in [
        deep.as_str(),
        &wide,
        &many,
        &"x".repeat(65 << 20),
        "[\"set\",\"../a\",{}]",
        "[\"set\",\"record.json\",{\"kind\":\"run\",\"inputs\":7}]",
        "[\"bytes\",\"a.bin\",\"%%\"]",
        "[\"bytes\",\"metrics.parquet\",\"AAEC\"]",
        "[\"add\",\"events\",7]",
        "[\"set\",\"cost\",[]]",
        "[\"set\",\"context.json\",{\"title\":\"t\",\"other\":1}]",
        "[\"set\",\"events.json\",{\"events\":7}]",
        "[\"final\",null,null,\"a\",0.5,\"a\",0.6]",
    ] {
        read(more);
    }
    let long = format!("[\"metrics\",0,0,\"{}\",1.0]", "k".repeat(5000));
    read(&long);
    // No path of it is followed.
    let outside = "[\"add\",\"artifacts.json\",{\"artifacts\":[{\"direction\":\"input\",\"role\":\"model\",\"path\":\"/etc/passwd\"}]}]";
    fs::write(&place.journal, format!("{head}{outside}\n")).expect("room");
    let mut run = Run::recover(&place.journal).expect("a journal").run;
    assert_eq!(run.finish().expect("a bundle").records().values().next().expect("one").body().inputs.len(), 0);
}

fn value() -> impl Strategy<Value = f64> {
    any::<u64>().prop_map(f64::from_bits)
}

fn point() -> impl Strategy<Value = (String, Option<i64>, Option<i64>, Option<f64>, Option<String>)> {
    let time = prop::option::of(-(1_i64 << 62)..1 << 62);
    ("[a-c\"\\\\é]{0,2}", prop::option::of(any::<i64>()), time, prop::option::of(value()), prop::option::of(".{0,3}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_points_come_back_as_they_were(
        calls in prop::collection::vec((any::<bool>(), prop::collection::vec(point(), 0..5)), 0..8),
    ) {
        let place = place();
        let told = |mut run: Run| {
            for (is_system, points) in &calls {
                let all = run.together(|run| points.iter().try_for_each(|(key, step, time_ns, value, text)| {
                    let point = Point { step: *step, time_ns: *time_ns, value: *value, text: text.as_deref() };
                    if *is_system { run.log_system(key, point) } else { run.log(key, point) }
                }));
                all.expect("room").expect("short");
            }
            run
        };
        let without = end(told(Run::new("run")));
        drop(told(journaled(Run::new("run"), &place.journal)));
        let Recovered { run, findings } = Run::recover(&place.journal).expect("a journal");
        prop_assert_eq!(findings, []);
        prop_assert!(end(run) == without);
    }
}
