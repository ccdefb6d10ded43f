//! A server of MLflow as it should not be: what it says is foreign.
//!
//! `peers/test_mlflow_server.py` asks real ones.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use expbundle_http::Network;
use expbundle_trackers::finding::SourceCode;
use expbundle_trackers::mlflow::{Credentials, Run, Source, SourceError};
use serde_json::{Value, json};

const RUN: &str = "0123456789abcdef0123456789abcdef";

/// What was asked: the path with its query, and the header that says who asks.
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

struct StandIn {
    address: String,
    asked: Asked,
}

/// Answers each path, without its query, with a whole HTTP response.
fn server(answer: impl Fn(&str, &str) -> Vec<u8> + Send + 'static) -> StandIn {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    // It ends with the test.
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let _ = serve(&client.expect("a client"), &answer, &seen);
        }
    });
    StandIn { address, asked }
}

fn serve(client: &TcpStream, answer: &impl Fn(&str, &str) -> Vec<u8>, seen: &Asked) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (mut who, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => who = Some(value.to_owned()),
            "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let whole = first.split(' ').nth(1).unwrap_or_default();
    seen.lock().expect("not poisoned").push((whole.to_owned(), who));
    let path = whole.split('?').next().unwrap_or_default();
    (&*client).write_all(&answer(path, whole))
}

fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn ok(body: &Value) -> Vec<u8> {
    response("200 OK", "Content-Type: application/json\r\n", body.to_string().as_bytes())
}

fn not_found() -> Vec<u8> {
    response(
        "404 NOT FOUND",
        "",
        json!({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}).to_string().as_bytes(),
    )
}

/// A server that has one run with these members beside its info, and these files.
fn with_run(data: Value, listing: Value, files: BTreeMap<&'static str, &'static [u8]>) -> StandIn {
    server(move |path, whole| match path {
        "/api/2.0/mlflow/experiments/search" => ok(&json!({"experiments": [{"experiment_id": "1", "name": "digits"}]})),
        "/api/2.0/mlflow/experiments/get" => ok(&json!({"experiment": {"experiment_id": "1", "name": "digits"}})),
        "/api/2.0/mlflow/runs/search" => ok(&json!({"runs": [{"info": info()}]})),
        "/api/2.0/mlflow/runs/get" => ok(&json!({"run": {"info": info(), "data": data}})),
        "/api/2.0/mlflow/artifacts/list" => ok(&listing),
        "/api/2.0/mlflow/metrics/get-history" => ok(&json!({"metrics": [
            {"key": "loss", "value": 0.5, "timestamp": 1_700_000_000_000_i64, "step": "0"},
            {"key": "loss", "value": "NaN", "timestamp": "1700000000001", "step": 1},
            {"key": "loss", "value": "-Infinity", "timestamp": 1_700_000_000_002_i64, "step": 9_007_199_254_740_993_i64},
            {"key": "loss", "value": "much"},
        ]})),
        "/api/3.0/mlflow/traces/search" => ok(&json!({"traces": [
            {"trace_id": "tr-1", "state": "OK", "trace_metadata": {"mlflow.sourceRun": RUN}},
            {"trace_id": "tr-2", "state": "ERROR"},
            {"state": "OK"},
        ]})),
        "/ajax-api/2.0/mlflow/get-trace-artifact" if whole.ends_with("tr-1") => {
            ok(&json!({"spans": [{"name": "f"}, {"name": "g"}]}))
        }
        "/get-artifact" => {
            let name = whole.rsplit("path=").next().unwrap_or_default();
            files.get(name).map_or_else(not_found, |bytes| response("200 OK", "", bytes))
        }
        _ => not_found(),
    })
}

fn info() -> Value {
    json!({"run_id": RUN, "experiment_id": "1", "run_name": "mlp", "status": "FINISHED", "start_time": 1_700_000_000_000_i64,
        "end_time": 1_700_000_001_000_i64, "artifact_uri": "mlflow-artifacts:/1/x/artifacts", "lifecycle_stage": "deleted"})
}

fn opened(address: &str, credentials: &Credentials) -> Result<Source, SourceError> {
    Source::open_server(address, Arc::new(Network::default()), credentials)
}

fn open(stand_in: &StandIn) -> Source {
    opened(&stand_in.address, &Credentials::None).expect("a server")
}

fn read(stand_in: &StandIn) -> Run {
    open(stand_in).read(RUN).expect("a run")
}

fn said(run: &Run, code: SourceCode, place: &str) -> bool {
    run.findings.iter().any(|finding| finding.code == code && finding.place == place)
}

#[test]
fn numbers_are_read_in_every_form_that_protobuf_gives_them() {
    let data =
        json!({"params": [{"key": "lr", "value": "0.1"}], "tags": [], "metrics": [{"key": "loss"}, {"key": "loss"}]});
    let server = with_run(data, json!({}), BTreeMap::new());
    let list = open(&server).list().expect("a list");
    assert_eq!((list.runs.len(), list.runs[0].lifecycle.as_str()), (1, "deleted"));
    let run = read(&server);
    assert_eq!(run.params["lr"], "0.1");
    let points = &run.metrics[0].points;
    assert_eq!(points.len(), 3);
    assert!(points[1].value.is_nan() && points[1].timestamp_ms == 1_700_000_000_001);
    assert!(points[2].value == f64::NEG_INFINITY && points[2].step == 9_007_199_254_740_993);
    assert!(said(&run, SourceCode::Damaged, "metrics/loss"));
    assert!(matches!(open(&server).read("other"), Ok(run) if run.info.run_id == RUN));
}

#[test]
fn traces_of_a_run_come_with_it() {
    let run = read(&with_run(json!({}), json!({}), BTreeMap::new()));
    let spans: Vec<(&str, usize)> = run.traces.iter().map(|trace| (trace.id.as_str(), trace.spans.len())).collect();
    assert_eq!((spans, run.found.traces), (vec![("tr-1", 2), ("tr-2", 0)], 2));
    assert_eq!(run.traces[0].info["state"], "OK");
    assert!(said(&run, SourceCode::Missing, "traces/tr-2"), "{:?}", run.findings);
    let asked = server(|path, _| match path {
        "/api/2.0/mlflow/experiments/search" => ok(&json!({"experiments": []})),
        "/api/2.0/mlflow/runs/get" => ok(&json!({"run": {"info": info(), "data": {}}})),
        "/api/3.0/mlflow/traces/search" => ok(&json!({"traces": [{"trace_id": "tr-1"}], "next_page_token": "again"})),
        _ => not_found(),
    });
    let run = read(&asked);
    assert!(said(&run, SourceCode::Truncated, "traces") && run.traces.len() == 1, "{:?}", run.findings);
}

#[test]
fn files_are_taken_only_as_they_are_listed() {
    let listing = json!({"files": [
        {"path": "good.txt", "file_size": "4"},
        {"path": "short.txt", "file_size": 9},
        {"path": "long.txt", "file_size": 2},
        {"path": "gone.txt", "file_size": 1},
        {"path": "../../etc/passwd", "file_size": 1},
        {"path": "/etc/passwd", "file_size": 1},
        {"path": "..", "is_dir": true},
        {"path": "negative.txt", "file_size": -1},
    ]});
    let files = BTreeMap::from([("good.txt", &b"good"[..]), ("short.txt", b"short"), ("long.txt", b"longer")]);
    let run = read(&with_run(json!({}), listing, files));
    let names: Vec<&str> = run.artifacts.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(names, ["good.txt"]);
    assert_eq!(std::fs::read(&run.artifacts.files[0].file).expect("downloaded"), b"good");
    for (code, place) in [
        (SourceCode::Damaged, "artifacts/short.txt"),
        (SourceCode::Damaged, "artifacts/long.txt"),
        (SourceCode::Missing, "artifacts/gone.txt"),
        (SourceCode::Unreadable, "artifacts/"),
    ] {
        assert!(said(&run, code, place), "{place}: {:?}", run.findings);
    }
    let folder = run.artifacts.files[0].file.clone();
    drop(run);
    assert!(!folder.exists());
}

#[test]
fn a_list_that_goes_round_in_circles_ends() {
    let listing = json!({"files": [{"path": "folder", "is_dir": true}], "next_page_token": "again"});
    let run = read(&with_run(json!({}), listing, BTreeMap::new()));
    assert!(said(&run, SourceCode::Truncated, "artifacts/"), "{:?}", run.findings);
    let server = server(|_, _| ok(&json!({"experiments": [], "runs": [], "next_page_token": "again"})));
    assert!(!open(&server).list().expect("a list").unread.is_empty());
}

fn refused(answer: impl Fn() -> Vec<u8> + Send + 'static) -> String {
    let server = server(move |_, _| answer());
    let error = opened(&server.address, &Credentials::Token("xyzzy".to_owned())).expect_err("no server of MLflow");
    let SourceError::Server { address, source } = error else { panic!("{error}") };
    assert_eq!(address, server.address);
    source.to_string()
}

#[test]
fn whoever_is_no_server_of_mlflow_is_told_as_what_it_is() {
    assert_eq!(refused(|| response("200 OK", "", b"<html>")), "the answer is not one of MLflow");
    assert_eq!(refused(|| response("200 OK", "", b"[]")), "the answer is not one of MLflow");
    assert_eq!(refused(|| response("401 UNAUTHORIZED", "", br#"{"message": "who?"}"#)), "the server answers 401: who?");
    assert_eq!(refused(|| response("500 OH", "", b"<html>")), "the server answers 500");
    assert!(refused(|| b"no HTTP at all".to_vec()).starts_with("the server does not answer"));
    let endless = || [response("200 OK", "", &[])[..15].to_vec(), b"\r\n\r\n".to_vec(), vec![b' '; 65 << 20]].concat();
    assert_eq!(refused(endless), "the answer has more than 67108864 bytes");
}

#[test]
fn credentials_go_to_the_server_that_was_named_and_to_no_other() {
    let other = server(|_, _| ok(&json!({"experiments": []})));
    let to = format!("{}/elsewhere", other.address);
    let header = format!("Location: {to}\r\n");
    assert_eq!(
        refused(move || response("307 Temporary Redirect", &header, b"")),
        format!("the server redirects to {to}")
    );
    assert!(other.asked.lock().expect("not poisoned").is_empty());
    let password = Credentials::Password { user: "ada".to_owned(), password: "xyzzy".to_owned() };
    for (credentials, expected) in [
        (Credentials::None, None),
        (Credentials::Token("t".to_owned()), Some("Bearer t")),
        (password, Some("Basic YWRhOnh5enp5")),
    ] {
        assert!(!format!("{credentials:?}").contains("xyzzy"));
        opened(&other.address, &credentials).expect("a server");
        assert_eq!(other.asked.lock().expect("not poisoned").pop().expect("asked").1.as_deref(), expected);
    }
}
