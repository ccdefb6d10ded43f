//! Compiles the program in C beside this file against the header and the library, and runs it.
#![expect(clippy::print_stdout, reason = "a test that cannot run says so, and one that fails shows what was said")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

// Cargo builds the library, in all its forms, because a test names it.
use expbundle_c as _;

const WARNINGS: &[&str] = &["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"];

/// The compiler, unless there is none, which is said.
fn compiler() -> Option<Command> {
    let name = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    if Command::new(&name).arg("--version").output().is_ok_and(|answer| answer.status.success()) {
        return Some(Command::new(name));
    }
    println!("NOT TESTED: there is no C compiler `{name}`");
    None
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo puts the library: beside the tests.
fn built() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.parent().expect("it is in a folder").to_owned()
}

fn run(mut command: Command) {
    let answer = command.output().expect("it can be started");
    let told = [answer.stdout, answer.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    println!("{told}");
    assert!(answer.status.success(), "{command:?}: {}\n{told}", answer.status);
}

#[test]
fn a_program_in_c_verifies_reads_and_writes() {
    let Some(mut compile) = compiler() else { return };
    let scratch = tempfile::tempdir().expect("a folder");
    let program = scratch.path().join("abi");
    compile.args(WARNINGS).arg("-I").arg(folder()).arg(folder().join("tests/abi.c"));
    compile.arg("-o").arg(&program).arg("-L").arg(built()).arg("-lexpbundle_c");
    compile.arg(format!("-Wl,-rpath,{}", built().display()));
    run(compile);
    fs::write(scratch.path().join("model.bin"), "weights").expect("a file");
    let mut try_it = Command::new(&program);
    try_it.current_dir(scratch.path()).arg(folder().join("../../conformance/cases"));
    try_it.arg(folder().join("../../crates/expbundle-statement/tests/keys"));
    run(try_it);
}

/// The commands of the README, for the program of the README; the libraries are those that cargo
/// made for the tests.
#[test]
fn the_readme_compiles_as_it_stands() {
    let Some(compiler) = compiler() else { return };
    let readme = fs::read_to_string(folder().join("README.md")).expect("it is there");
    let block = |start: &str| {
        let (_, rest) = readme.split_once(start).expect("the README has it");
        rest.split_once("```").expect("it ends").0.to_owned()
    };
    let scratch = tempfile::tempdir().expect("a folder");
    fs::write(scratch.path().join("mine.c"), block("```c\n")).expect("room");
    let commands: Vec<&str> = readme.lines().filter(|line| line.starts_with("cc ")).collect();
    assert_eq!(commands.len(), 2, "one for each kind of library");
    for command in commands {
        let command = command
            .replacen("cc ", &format!("{} ", compiler.get_program().display()), 1)
            .replace("-I bindings/c", &format!("-I {}", folder().display()))
            .replace("$PWD/target/release", &built().display().to_string())
            .replace("target/release", &built().display().to_string());
        // What the flags are for differs elsewhere.
        if !cfg!(target_os = "linux") {
            continue;
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).current_dir(scratch.path());
        run(shell);
        let status = Command::new(scratch.path().join("mine")).current_dir(scratch.path()).output().expect("it starts");
        // There is no model here, which is an answer of the library.
        assert_eq!(status.status.code(), Some(2), "{}", String::from_utf8_lossy(&status.stderr));
    }
}

#[test]
fn the_header_is_also_that_of_cpp() {
    let Some(mut compile) = compiler() else { return };
    compile.args(["-x", "c++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]).arg(folder().join("expbundle.h"));
    let answer = compile.output().expect("it can be started");
    let told = String::from_utf8_lossy(&answer.stderr);
    if told.contains("cc1plus") {
        println!("NOT TESTED: the compiler has no C++");
        return;
    }
    assert!(answer.status.success(), "{told}");
}
