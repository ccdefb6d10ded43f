//! Which records join, and how well founded that is (spec/lineage.md, "Grades").

mod family;

use expbundle_lineage::{ArtifactFact, AssertedLink, Facts, Grade, Lineage, Link, Side, Supersession};
use family::{Story, artifact, bytes, codes, digest, facts, id, ids, liar, lineage, link, pointer, record};

/// The grade of the only edge from child `c` to parent `p`, if there is one.
#[track_caller]
fn case(parent: Story, child: Story, want: Option<Grade>) {
    let lineage = lineage(&[parent, child]);
    let edges = lineage.parents(id("c"));
    assert!(edges.iter().all(|edge| edge.parent == id("p")));
    assert_eq!(edges.first().map(expbundle_lineage::Edge::grade), want);
    assert_eq!(lineage.ancestors(&[id("c")]).is_empty(), want.is_none());
    assert_eq!(lineage.descendants(&[id("p")]).is_empty(), want.is_none());
    assert_eq!(lineage.heads(), if want.is_some() { ids(&["c"]) } else { ids(&["c", "p"]) });
}

#[test]
fn equal_bytes_in_roles_that_carry_lineage_join() {
    let (p, c) = (|| record("p"), || record("c"));
    for role in ["model", "checkpoint", "adapter", "dataset"] {
        case(p().puts(role, "x"), c().takes(role, "x"), Some(Grade::Proven));
    }
    case(p().puts("dataset", "x"), c().takes("model", "x"), Some(Grade::Proven));
    case(p().puts("model", "x"), c().takes("model", "y"), None);
    for role in ["config", "code", "patch", "media", "file", "tokenizer", "urn:mine", "surprise"] {
        case(p().puts(role, "x"), c().takes("model", "x"), None);
        case(p().puts("model", "x"), c().takes(role, "x"), None);
    }
}

#[test]
fn one_digest_in_common_is_enough_and_one_that_differs_too_much() {
    let model = |digests| artifact("model", digests);
    let case = |output, input, want| case(record("p").output(model(output)), record("c").input(model(input)), want);
    let blake3 = |content| expbundle_format::ArtifactDigests::new(bytes(content).blake3(), None).expect("a digest");
    case(bytes("x"), pointer("x"), Some(Grade::Proven));
    case(pointer("x"), bytes("x"), Some(Grade::Proven));
    case(pointer("x"), pointer("x"), Some(Grade::Proven));
    case(blake3("x"), bytes("x"), Some(Grade::Proven));
    case(blake3("x"), pointer("x"), None);
    case(bytes("x"), liar("x", "y"), None);
    case(bytes("x"), liar("y", "x"), None);
    case(liar("x", "y"), liar("x", "y"), Some(Grade::Proven));
}

/// attacks.md 28: agrees in one digest, differs in another.
#[test]
fn conflicting_digests_are_found_and_break_no_honest_link() {
    let model = |digests| artifact("model", digests);
    let honest = [record("p").puts("model", "x"), record("c").takes("model", "x")];
    let mut stories = honest.to_vec();
    stories.push(record("liar").output(model(liar("x", "y"))));
    let with_liar = lineage(&stories);
    assert_eq!(codes(&with_liar), ["artifact.digest-conflict"]);
    assert_eq!(with_liar.ancestors(&[id("c")]), ids(&["p"]));
    assert_eq!(with_liar.why(&bytes("x"), None).conflicting, ids(&["liar"]));
    // Who knows only the disputed digest cannot tell the two apart, so nothing follows.
    let blake3 = expbundle_format::ArtifactDigests::new(bytes("x").blake3(), None).expect("a digest");
    stories.push(record("half").input(model(blake3)));
    assert_eq!(lineage(&stories).ancestors(&[id("half")]), []);
}

/// attacks.md 28: a model digest of the empty file.
#[test]
fn nothing_joins_nobody() {
    case(record("p").puts("model", ""), record("c").takes("model", ""), None);
    let model = |digests| artifact("model", digests);
    case(record("p").output(model(liar("", "x"))), record("c").input(model(liar("", "x"))), None);
    case(record("p").puts_tree("model", "t", &["", "w"]), record("c").takes("model", ""), None);
    assert_eq!(lineage(&[record("p").puts("model", "")]).why(&bytes(""), None), expbundle_lineage::Why::default());
}

#[test]
fn files_of_trees_join_whole_artifacts_but_not_each_other() {
    case(
        record("p").puts_tree("model", "t", &["readme", "weights"]),
        record("c").takes("model", "weights"),
        Some(Grade::Proven),
    );
    case(record("p").puts("model", "weights"), record("c").takes_tree("model", "t", &["weights"]), Some(Grade::Proven));
    case(
        record("p").puts_tree("model", "t", &["w"]),
        record("c").takes_tree("model", "t", &["w"]),
        Some(Grade::Proven),
    );
    case(
        record("p").puts_tree("model", "t", &["readme", "a"]),
        record("c").takes_tree("model", "u", &["readme", "b"]),
        None,
    );
    let joined =
        lineage(&[record("p").puts_tree("model", "t", &["readme", "weights"]), record("c").takes("model", "weights")]);
    let sides = (Side { artifact: 0, file: None }, Side { artifact: 0, file: Some(1) });
    assert_eq!(joined.parents(id("c"))[0].links, [Link::SameBytes { input: sides.0, output: sides.1 }]);
}

#[test]
fn what_passes_through_was_not_produced() {
    let stories = [
        record("maker").puts("model", "x"),
        record("copier").takes("model", "x").puts("model", "x").puts_tree("model", "t", &["x", "y"]),
        record("user").takes("model", "x"),
    ];
    let lineage = lineage(&stories);
    assert_eq!(lineage.ancestors(&[id("user")]), ids(&["maker"]));
    let why = lineage.why(&bytes("x"), None);
    assert_eq!(why.producers, [(id("maker"), Side { artifact: 0, file: None })]);
    assert_eq!(why.passed_on.len(), 2);
    assert_eq!(why.takers.len(), 2);
    // The copier alone accounts for nothing.
    assert_eq!(codes(&family::lineage(&stories[1..])), ["lineage.unaccounted-input"]);
}

#[test]
fn who_gives_a_file_another_size_neither_made_nor_took_it() {
    let liar = |name: &str| ArtifactFact { size_bytes: Some(1 << 30), ..artifact(name, bytes("x")) };
    let lineage = lineage(&[
        record("maker").puts("model", "x"),
        record("liar").output(liar("model")),
        record("taker").input(liar("model")),
    ]);
    let size = artifact("model", bytes("x")).size_bytes;
    let why = lineage.why(&bytes("x"), size);
    assert_eq!(why.producers, [(id("maker"), Side { artifact: 0, file: None })]);
    assert_eq!((why.takers.len(), why.conflicting), (0, ids(&["liar", "taker"])));
    assert_eq!(lineage.why(&bytes("x"), None).producers.len(), 2);
}

#[test]
fn producers_of_the_same_bytes_are_alternatives() {
    let lineage =
        lineage(&[record("a").puts("model", "x"), record("b").puts("model", "x"), record("c").takes("model", "x")]);
    assert_eq!(lineage.parents(id("c")).iter().map(|edge| edge.parent).collect::<Vec<_>>(), ids(&["a", "b"]));
    assert_eq!(lineage.why(&bytes("x"), None).producers.len(), 2);
    assert_eq!(codes(&lineage), [""; 0]);
}

#[test]
fn declared_and_asserted_links_have_their_own_grades() {
    case(record("p"), record("c").from("fine-tuned-from", "p"), Some(Grade::Declared));
    let stories = [record("p").puts("model", "x"), record("c").takes("model", "y").from("distilled-from", "p")];
    let both = Facts { links: vec![link("c", "p")], ..facts(&stories) };
    let edge = Lineage::build(both).parents(id("c")).remove(0);
    assert_eq!(edge.links.iter().map(Link::grade).collect::<Vec<_>>(), [Grade::Declared, Grade::Asserted]);
    assert_eq!(edge.relation().map(expbundle_format::record::Word::as_str), Some("distilled-from"));
}

#[test]
fn an_assertion_accounts_for_the_input_that_it_names() {
    let stories = [record("p"), record("c").takes("model", "x")];
    let asserted = |artifact| Facts { links: vec![AssertedLink { artifact, ..link("c", "p") }], ..facts(&stories) };
    assert_eq!(codes(&Lineage::build(asserted(None))), ["lineage.unaccounted-input"]);
    assert_eq!(codes(&Lineage::build(asserted(Some(bytes("x"))))), [""; 0]);
}

#[test]
fn hints_are_shown_and_never_counted() {
    let md5 = |value: &str, digests| {
        let mut fact = ArtifactFact::unseen("model".parse().expect("a role"));
        fact.foreign.insert("md5".to_owned(), value.to_owned());
        fact.digests = digests;
        fact
    };
    let sum = "d41d8cd98f00b204e9800998ecf8427e";
    let joined = lineage(&[record("p").output(md5(sum, Some(bytes("x")))), record("c").input(md5(sum, None))]);
    assert_eq!(joined.suggestions(id("c"))[0].grade(), Grade::Suggested);
    assert_eq!(joined.parents(id("c")), []);
    assert_eq!(joined.ancestors(&[id("c")]), []);
    assert_eq!(joined.heads(), ids(&["c", "p"]));
    assert_eq!(codes(&joined), ["lineage.unaccounted-input"]);
    // A collision of MD5 between bytes that are known to differ suggests nothing.
    let forged =
        lineage(&[record("p").output(md5(sum, Some(bytes("x")))), record("c").input(md5(sum, Some(bytes("y"))))]);
    assert_eq!(forged.suggestions(id("c")), []);
}

/// attacks.md 25: cycles, through artifacts and through declared parents.
#[test]
fn circles_are_found_and_walked_once() {
    let mut stories = vec![
        record("a").takes("model", "x").puts("model", "y"),
        record("b").takes("model", "y").puts("model", "x"),
        record("c").from("fine-tuned-from", "b"),
    ];
    let joined = lineage(&stories);
    assert_eq!(codes(&joined), ["lineage.cycle"]);
    assert_eq!(joined.ancestors(&[id("c")]), ids(&["a", "b"]));
    assert_eq!(joined.ancestors(&[id("a")]), ids(&["a", "b"]));
    assert_eq!(joined.heads(), ids(&["c"]));
    assert_eq!(joined.layers(), [ids(&["a", "b"]), ids(&["c"])]);
    stories.pop();
    assert_eq!(lineage(&stories).heads(), ids(&["a", "b"]));
    let declared = lineage(&[
        record("a").from("part-of", "b"),
        record("b").from("part-of", "a"),
        record("s").from("part-of", "s"),
    ]);
    assert_eq!(codes(&declared), ["lineage.cycle", "lineage.cycle"]);
}

/// attacks.md 26: parent absent; an unrelated record injected. Whether a parent is broken or
/// trusted is the caller's fact, and the weakest needed part decides.
#[test]
fn a_family_is_as_good_as_its_weakest_needed_part() {
    let stories =
        [record("p"), record("c").from("fine-tuned-from", "p").from("merged-from", "gone"), record("stranger")];
    let family = lineage(&stories);
    assert_eq!(codes(&family), ["lineage.parent-absent"]);
    assert_eq!(family.absent_parents(id("c")), ids(&["gone"]));
    let state = |record| {
        if record == id("p") {
            1
        } else if record == id("gone") {
            0
        } else {
            2
        }
    };
    assert_eq!(family.weakest(&[id("c")], state), Some((0, ids(&["gone"]))));
    assert_eq!(family.weakest(&[id("p")], state), Some((1, ids(&["p"]))));
    assert_eq!(family.weakest(&[id("stranger")], state), Some((2, ids(&["stranger"]))));
    assert_eq!(family.weakest(&[id("nobody")], state), None);
}

#[test]
fn a_parent_is_meant_by_both_digests() {
    let mut child = record("c").from("part-of", "p");
    child.0.parents[0].record.sha256 = expbundle_format::Sha256::of(b"another");
    let lineage = lineage(&[record("p"), child]);
    assert_eq!(codes(&lineage), ["artifact.digest-conflict"]);
    assert_eq!(lineage.ancestors(&[id("c")]), []);
}

/// attacks.md 27: a child that started before its parent ended.
#[test]
fn children_come_after_parents() {
    #[track_caller]
    fn case(stories: &[Story], want: &[&str]) {
        assert_eq!(codes(&lineage(stories)), want);
    }
    let (nine, ten, eleven) = ("2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z");
    let early: &[&str] = &["lineage.child-before-parent"];
    let parent = || record("p").at(nine, eleven).puts("model", "x").puts("checkpoint", "k");
    let child = |start| record("c").at(start, eleven);
    case(&[parent(), child(eleven).takes("model", "x")], &[]);
    case(&[parent(), child(ten).takes("model", "x")], early);
    case(&[parent(), child(ten).takes("checkpoint", "k")], &[]);
    case(&[parent(), child(ten).takes("model", "x").from("evaluates", "p")], &[]);
    for relation in ["fine-tuned-from", "merged-from", "quantized-from", "distilled-from", "adapter-of", "urn:mine"] {
        case(&[parent(), child(ten).from(relation, "p")], early);
    }
    case(&[parent(), child(ten).from("part-of", "p")], &[]);
    let late = record("p").at(ten, eleven);
    case(&[late.clone(), child(nine).from("part-of", "p")], early);
    // Among alternatives one that was there in time is enough.
    let other = record("q").at("2026-11-22T09:00:00Z", nine).puts("model", "x");
    case(&[parent(), other, child(ten).takes("model", "x")], &[]);
    let undated = record("q").puts("model", "x");
    case(&[parent(), undated, child(ten).takes("model", "x")], &[]);
}

/// attacks.md 27: two records for one source run.
#[test]
fn one_run_has_one_record_unless_somebody_says_which_counts() {
    let stories =
        [record("old").run("mlflow", "7"), record("new").run("mlflow", "7"), record("other").run("wandb", "7")];
    assert_eq!(codes(&lineage(&stories)), ["lineage.two-records"]);
    // Any of several successors settles it, whichever comes first by id.
    for also in ["absent", "other"] {
        let said = |successor| Supersession { superseded: id("old"), successor: digest(successor) };
        let settled = Lineage::build(Facts { supersessions: vec![said("new"), said(also)], ..facts(&stories) });
        assert_eq!(codes(&settled), [""; 0]);
        assert_eq!(settled.successors(id("old")).collect::<Vec<_>>(), ids(&["new", also]));
    }
    let resumed = [stories[0].clone(), stories[1].clone().from("resumed-from", "old")];
    assert_eq!(codes(&lineage(&resumed)), [""; 0]);
}

/// Two tools that recorded one run are told by what both made, and each record counts.
#[test]
fn one_run_that_two_tools_saw_is_told_of_and_each_record_counts() {
    let (nine, ten, eleven) = ("2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z");
    let seen = |name: &str, tool: &str, run: &str| record(name).run(tool, run).puts("model", "w");
    let child = || record("child").takes("model", "w");
    let hours = |stories: &[Story]| {
        let lineage = lineage(stories);
        let sum = lineage.rollup(
            &[id("child")],
            |_| false,
            |_| (),
            |record| (record != id("child")).then_some(10),
            |a, b| a + b,
        );
        (
            sum.total.unwrap_or(0),
            lineage.seen_twice_among(&sum.counted).len(),
            codes(&lineage).contains(&"lineage.seen-twice"),
        )
    };
    let one = || seen("a", "mlflow", "1").at(nine, eleven);
    assert_eq!(hours(&[one(), seen("b", "wandb", "x").at(ten, eleven), child()]), (20, 2, true));
    assert_eq!(hours(&[one(), seen("b", "wandb", "x"), child()]), (20, 2, true));
    let third = seen("c", "transformers", "s");
    assert_eq!(hours(&[one(), seen("b", "wandb", "x"), third, child()]), (30, 3, true));
    // Neither the time of another run, nor a descendant, nor one that passed the bytes on, nor two
    // runs of one tool, also by way of a third record.
    assert_eq!(hours(&[one().at(nine, nine), seen("b", "wandb", "x").at(ten, eleven), child()]), (20, 0, false));
    assert_eq!(hours(&[one(), seen("b", "wandb", "x").from("part-of", "a"), child()]), (20, 0, false));
    assert_eq!(hours(&[one(), seen("b", "wandb", "x").takes("model", "w"), child()]), (10, 0, false));
    assert_eq!(hours(&[one(), seen("b", "mlflow", "2"), seen("c", "wandb", "x"), child()]), (30, 0, false));
    let joining = seen("c", "wandb", "x").puts("model", "v");
    let other = record("b").run("mlflow", "2").puts("model", "v");
    assert_eq!(hours(&[one(), other, joining, child().takes("model", "v")]), (30, 0, false));
    // What is the same everywhere proves nothing, and one tool's two runs are two.
    let config = |name: &str, tool: &str| record(name).run(tool, "1").puts("config", "w");
    assert!(!codes(&lineage(&[config("a", "mlflow"), config("b", "wandb")])).contains(&"lineage.seen-twice"));
    assert_eq!(hours(&[one(), seen("b", "mlflow", "2"), child()]), (20, 0, false));
}

#[test]
fn missing_bytes_are_one_finding_however_many_take_them() {
    let takers: Vec<Story> = (0..9).map(|n| record(&n.to_string()).takes("dataset", "d")).collect();
    let lineage = lineage(&takers);
    assert_eq!(codes(&lineage), ["lineage.unaccounted-input"]);
    assert!(lineage.findings()[0].message.ends_with("and 5 more"), "{}", lineage.findings()[0].message);
    assert_eq!(lineage.gaps()[0].takers.len(), 9);
}

#[test]
fn ways_and_walks_count_links_and_not_contents() {
    let lineage = lineage(&[
        record("a").puts("model", "1"),
        record("b").takes("model", "1").puts("model", "2"),
        record("c").takes("model", "2").from("part-of", "a"),
    ]);
    assert_eq!(lineage.path(id("c"), id("a")), Some(vec![id("c"), id("a")]));
    assert_eq!(lineage.path(id("b"), id("a")), Some(vec![id("b"), id("a")]));
    assert_eq!(lineage.path(id("a"), id("c")), None);
    assert_eq!(lineage.path(id("a"), id("a")), Some(vec![id("a")]));
    let up = lineage.walk(&[id("c")], expbundle_lineage::Direction::Up, 1);
    assert_eq!(up.iter().map(|reached| reached.distance).collect::<Vec<_>>(), [0, 1, 1]);
    assert_eq!(lineage.walk(&[id("a")], expbundle_lineage::Direction::Down, 0).len(), 1);
    assert_eq!(lineage.layers(), [[id("a")], [id("b")], [id("c")]]);
}

#[test]
fn sums_count_each_ancestor_and_each_run_once() {
    let stories = [
        record("base").puts("model", "x"),
        record("left").takes("model", "x").puts("model", "l"),
        record("right").takes("model", "x").puts("model", "r").run("wandb", "1"),
        record("right again").takes("model", "x").puts("model", "r").run("wandb", "1"),
        record("merged").takes("model", "l").takes("model", "r").from("merged-from", "gone"),
    ];
    let hours = |record| if record == id("left") { None } else { Some(10) };
    // Whichever id is lower, and although the successor is said to supersede itself.
    for (old, new) in [("right", "right again"), ("right again", "right")] {
        let said = |superseded| Supersession { superseded: id(superseded), successor: digest(new) };
        let lineage = Lineage::build(Facts { supersessions: vec![said(old), said(new)], ..facts(&stories) });
        let sum = lineage.rollup(&[id("merged")], |_| false, |_| (), hours, |a, b| a + b);
        assert_eq!(sum.total, Some(30));
        assert_eq!(sum.counted, ids(&["base", "merged", new]));
        assert_eq!((sum.unknown, sum.superseded, sum.absent), (ids(&["left"]), ids(&[old]), ids(&["gone"])));
        assert_eq!((sum.repeated, sum.left_out), (vec![], vec![]));
    }
    let sum = lineage(&stories).rollup(&[id("merged")], |_| false, |_| (), hours, |a, b| a + b);
    assert_eq!((sum.total, sum.repeated.len(), sum.superseded), (Some(30), 1, vec![]));
}

/// What is added up of the records `a` to `e`, all ancestors of `last`, and which of them were
/// superseded.
#[track_caller]
fn added(supersessions: &[(&str, &str)], left_out: &[&str], total: u32, superseded: &[&str]) {
    let hours = [("a", 1), ("b", 10), ("c", 100), ("d", 1000), ("e", 10_000)];
    let mut stories: Vec<Story> =
        hours.iter().map(|(name, _)| record(name).run(name, "1").puts("model", name)).collect();
    stories.push(hours.iter().fold(record("last"), |last, (name, _)| last.takes("model", name)));
    stories.push(record("elsewhere"));
    let said = |(old, new): &(&str, &str)| Supersession { superseded: id(old), successor: digest(new) };
    let supersessions = supersessions.iter().map(said).collect();
    let lineage = Lineage::build(Facts { supersessions, ..facts(&stories) });
    let value = |record| hours.iter().find(|(name, _)| id(name) == record).map(|(_, hours)| *hours);
    let is_left_out = |record| ids(left_out).contains(&record);
    let sum = lineage.rollup(&[id("last")], is_left_out, |_| (), value, |a, b| a + b);
    assert_eq!((sum.total, sum.superseded.clone()), (Some(total), ids(superseded)));
    let lists = [sum.counted, sum.unknown, sum.repeated, sum.superseded, sum.left_out];
    let mut all = lists.concat();
    all.sort_unstable();
    assert_eq!(all, ids(&["a", "b", "c", "d", "e", "last"]), "each is in one list");
}

#[test]
fn a_successor_counts_in_place_of_what_it_supersedes_of_whatever_run() {
    added(&[], &[], 11_111, &[]);
    added(&[("a", "b"), ("c", "b")], &[], 11_010, &["a", "c"]);
    added(&[("a", "b"), ("b", "c")], &[], 11_100, &["a", "b"]);
    // By way of one that is elsewhere, or not here.
    added(&[("a", "elsewhere"), ("elsewhere", "b")], &[], 11_110, &["a"]);
    added(&[("a", "gone"), ("gone", "b")], &[], 11_110, &["a"]);
    added(&[("a", "gone"), ("b", "elsewhere")], &[], 11_111, &[]);
}

#[test]
fn what_is_left_out_takes_nobodys_place() {
    added(&[("a", "b")], &["b"], 11_101, &[]);
    added(&[("a", "b")], &["a"], 11_110, &[]);
    added(&[("a", "b"), ("b", "c")], &["b"], 11_100, &["a"]);
    added(&[("a", "b"), ("b", "c")], &["b", "c"], 11_001, &[]);
    added(&[("a", "b"), ("a", "c")], &["b"], 11_100, &["a"]);
}

#[test]
fn of_records_that_supersede_each_other_in_a_circle_none_is_lost() {
    added(&[("a", "a")], &[], 11_111, &[]);
    added(&[("a", "b"), ("b", "a")], &[], 11_111, &[]);
    added(&[("a", "b"), ("b", "a")], &["b"], 11_101, &[]);
    added(&[("a", "b"), ("b", "a"), ("b", "c"), ("d", "a")], &[], 10_100, &["a", "b", "d"]);
}

#[test]
fn duplicates_are_grouped_by_fingerprint() {
    let lineage = lineage(&[record("a"), record("b"), record("c"), record("d")]);
    let recipe = |record| if record == id("a") || record == id("c") { Some("same") } else { None };
    assert_eq!(lineage.duplicates(recipe), [ids(&["a", "c"])]);
}

/// Of two sizes of one digest one is a lie.
#[test]
fn what_differs_in_size_is_named_and_joins_nothing_as_proven() {
    let sized = |digests, size_bytes| ArtifactFact { size_bytes: Some(size_bytes), ..artifact("model", digests) };
    let grades = |lineage: &Lineage| {
        let edges = lineage.parents(id("c")).into_iter().chain(lineage.suggestions(id("c")));
        edges.map(|edge| (edge.parent, edge.grade())).collect::<Vec<_>>()
    };
    for (output, input) in [(bytes("x"), bytes("x")), (bytes("x"), pointer("x")), (pointer("x"), bytes("x"))] {
        let told = [record("p").output(sized(output, 9)), record("c").input(sized(input, 100))];
        let lied = lineage(&told);
        assert_eq!(grades(&lied), [(id("p"), Grade::Suggested)]);
        assert_eq!(codes(&lied), ["artifact.digest-conflict", "lineage.unaccounted-input"]);
        // A third that tells the truth is joined to whom it agrees with, and nobody cuts that link.
        let told = told.into_iter().chain([record("q").output(sized(bytes("x"), 100))]).collect::<Vec<_>>();
        let told = lineage(&told);
        let parents = told.parents(id("c"));
        assert_eq!(parents.iter().map(|edge| edge.parent).collect::<Vec<_>>(), ids(&["q"]));
        assert_eq!(codes(&told), ["artifact.digest-conflict"]);
    }
    // Nor does a file of a listing.
    let tree = family::tree("model", "t", &["x"]);
    let lied = lineage(&[record("p").output(sized(bytes("x"), 9)), record("c").input(tree)]);
    assert_eq!(lied.parents(id("c")), []);
    assert_eq!(codes(&lied), ["artifact.digest-conflict", "lineage.unaccounted-input"]);
    assert_eq!(lied.why(&bytes("x"), None).producers.len() + lied.why(&bytes("x"), None).takers.len(), 2);
}

/// Each content is looked at by itself, however many sizes are claimed for one digest.
#[test]
fn many_sizes_of_one_digest_cost_their_number() {
    let sized = |size_bytes| ArtifactFact { size_bytes: Some(size_bytes), ..artifact("model", pointer("x")) };
    let mut maker = record("p").puts("model", "x");
    let mut taker = record("c");
    for size in 3..20_003 {
        maker = maker.output(sized(size));
        taker = taker.input(sized(size));
    }
    let lineage = lineage(&[maker, taker]);
    assert_eq!(lineage.parents(id("c")).first().map(|edge| edge.links.len()), Some(20_000));
    assert_eq!(codes(&lineage), ["artifact.digest-conflict"]);
}

/// `record.json` is what a record answers for: who is asked about a file that only its description
/// lists cannot tell who made it.
#[test]
fn what_only_a_description_lists_is_not_known_to_be_made() {
    let mut told = artifact("model", bytes("weights"));
    let listed = lineage(&[record("maker").output(told.clone())]);
    assert_eq!(listed.why(&bytes("weights"), None).producers.len(), 1);
    told.listed = false;
    let why = lineage(&[record("maker").output(told)]).why(&bytes("weights"), None);
    assert_eq!((why.producers.len(), why.possible.len(), why.unknown.len()), (0, 0, 1));
}
