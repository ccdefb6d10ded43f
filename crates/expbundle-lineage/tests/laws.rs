//! Laws that hold for every set of facts, and shapes that break what enumerates paths.

mod family;

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::RecordId;
use expbundle_format::record::Kind;
use expbundle_lineage::{Direction, Edge, Facts, Grade, Joins, Lineage, RecordFacts};
use family::{Story, digest, facts, id, ladder, lineage, link, record};
use proptest::prelude::*;

/// Inputs and outputs by role and content, parents, and contents of a tree that is taken in and of
/// one that is put out, as proptest draws them.
type Drawn = (Vec<(&'static str, u8)>, Vec<(&'static str, u8)>, Vec<usize>, [Option<Vec<u8>>; 2]);

/// Some records over few contents, so that links, alternatives, pass-through and circles all
/// happen.
fn stories() -> impl Strategy<Value = Vec<Story>> {
    let role = prop::sample::select(vec!["model", "dataset", "checkpoint", "config"]);
    let artifact = (role, 0..12_u8);
    let artifacts = || prop::collection::vec(artifact.clone(), 0..4);
    let parents = prop::collection::vec(0..12_usize, 0..2);
    let tree = || prop::option::weighted(0.2, prop::collection::vec(0..12_u8, 1..3));
    let trees = (tree(), tree()).prop_map(<[_; 2]>::from);
    prop::collection::vec((artifacts(), artifacts(), parents, trees), 0..12).prop_map(|records| {
        let story = |(number, (inputs, outputs, parents, [taken, put])): (usize, Drawn)| {
            let mut story = record(&number.to_string());
            for (role, content) in inputs {
                story = story.takes(role, &content.to_string());
            }
            for (role, content) in outputs {
                story = story.puts(role, &content.to_string());
            }
            let files = |contents: &[u8]| contents.iter().map(ToString::to_string).collect::<Vec<_>>();
            for (contents, is_put) in [(taken, false), (put, true)] {
                let Some(files) = contents.as_deref().map(files) else { continue };
                let files: Vec<&str> = files.iter().map(String::as_str).collect();
                let listing = format!("listing of {files:?}");
                let with = if is_put { Story::puts_tree } else { Story::takes_tree };
                story = with(story, "model", &listing, &files);
            }
            for parent in parents {
                story = story.from("fine-tuned-from", &parent.to_string());
            }
            story
        };
        records.into_iter().enumerate().map(story).collect()
    })
}

fn edges(lineage: &Lineage) -> BTreeMap<RecordId, Vec<Edge>> {
    lineage.records().iter().map(|facts| (facts.id(), lineage.parents(facts.id()))).collect()
}

proptest! {
    #[test]
    fn the_first_ancestors_are_the_weightiest_and_the_rest_is_counted(
        stories in stories(),
        left_out in 0..4_usize,
        most in 0..4_usize,
    ) {
        // Parents that are not here are among them.
        let lineage = lineage(stories.get(left_out..).unwrap_or_default());
        // Neither the order of ids nor that of the graph, and some have no weight.
        let weight = |id: RecordId| Some(id.0.as_bytes()[0] % 3).filter(|weight| *weight > 0);
        let found = lineage.ancestors_among(weight, most);
        for (facts, found) in lineage.records().iter().zip(found) {
            let mut all: Vec<RecordId> = lineage.ancestors(&[facts.id()]);
            all.extend(lineage.absent_parents_of(&[&all[..], &[facts.id()]].concat()));
            // In a circle each derives from itself, and is none of its own ancestors.
            all.retain(|id| weight(*id).is_some() && *id != facts.id());
            all.sort_by_key(|id| (weight(*id), *id));
            prop_assert_eq!(found.more, all.len().saturating_sub(most));
            all.truncate(most);
            prop_assert_eq!(found.first, all);
        }
    }

    #[test]
    fn the_order_of_facts_means_nothing(stories in stories(), seed in any::<u64>()) {
        let mut shuffled = stories.clone();
        let mut state = seed | 1;
        for index in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(index, usize::try_from(state >> 33).expect("31 bits") % (index + 1));
        }
        let (a, b) = (lineage(&stories), lineage(&shuffled));
        prop_assert_eq!(edges(&a), edges(&b));
        for edge in edges(&a).values().flatten() {
            prop_assert_eq!(a.edge(edge.child, edge.parent), Some(edge.clone()));
        }
        prop_assert_eq!(a.findings(), b.findings());
        prop_assert_eq!((a.heads(), a.layers(), a.gaps()), (b.heads(), b.layers(), b.gaps()));
    }

    #[test]
    fn records_given_twice_count_once(stories in stories()) {
        let twice: Vec<Story> = stories.iter().chain(&stories).cloned().collect();
        let (once, twice) = (lineage(&stories), lineage(&twice));
        prop_assert_eq!(edges(&once), edges(&twice));
        prop_assert_eq!(once.findings(), twice.findings());
    }

    #[test]
    fn unrelated_records_change_no_edge(stories in stories(), strangers in stories()) {
        // Other names and other contents: nothing in common with the first.
        let strangers = strangers.into_iter().enumerate().map(|(number, story)| {
            let mut facts = RecordFacts::new(digest(&format!("stranger {number}")), Kind::Run);
            let other = |list: Vec<expbundle_lineage::ArtifactFact>| list.into_iter().map(|mut fact| {
                fact.digests = fact.digests.map(|digests| family::bytes(&format!("other {digests}")));
                fact.files = expbundle_lineage::Listing::default();
                fact
            });
            facts.inputs.extend(other(story.0.inputs));
            facts.outputs.extend(other(story.0.outputs));
            Story(facts)
        });
        let before = edges(&lineage(&stories));
        let all: Vec<Story> = stories.iter().cloned().chain(strangers).collect();
        let after = edges(&lineage(&all));
        for (record, edges) in before {
            prop_assert_eq!(Some(&edges), after.get(&record));
        }
    }

    #[test]
    fn no_other_record_lowers_what_a_record_adds_to_a_sum(
        stories in stories(),
        sources in prop::collection::vec(prop::option::weighted(0.8, 0..5_usize), 12),
        left_out in 0..12_usize,
    ) {
        let source = |(story, source): (Story, &Option<usize>)| match source {
            // Three tools, and two runs of two of them.
            Some(source) => story.run(["wandb", "mlflow", "transformers"][source % 3], &(source / 3).to_string()),
            None => story,
        };
        let all: Vec<Story> = stories.into_iter().zip(&sources).map(source).collect();
        let mut rest = all.clone();
        if left_out < rest.len() {
            rest.remove(left_out);
        }
        let sum = |stories: &[Story]| {
            let lineage = lineage(stories);
            let of = [id("0"), id("1"), id("2")];
            let sum = lineage.rollup(&of, |_| false, |_| (), |record| Some(vec![record]), |a, b| [a, b].concat());
            let family: BTreeSet<RecordId> = lineage.ancestors(&of).into_iter().chain(of).collect();
            (sum.total.unwrap_or_default(), sum.repeated, family)
        };
        let ((whole, ..), (part, repeated, family)) = (sum(&all), sum(&rest));
        for counted in whole.iter().filter(|id| family.contains(id)) {
            prop_assert!(part.contains(counted) || *counted == id(&left_out.to_string()), "{counted:?}, {repeated:?}");
        }
    }

    #[test]
    fn no_grade_is_raised_by_a_weaker_link(stories in stories(), child in 0..12_usize, parent in 0..12_usize) {
        let before = edges(&lineage(&stories));
        let asserted = link(&child.to_string(), &parent.to_string());
        let after = Lineage::build(Facts { links: vec![asserted], ..facts(&stories) });
        for (record, edges) in edges(&after) {
            for edge in edges {
                let known = before[&record].iter().find(|known| known.parent == edge.parent);
                prop_assert_eq!(edge.grade(), known.map_or(Grade::Asserted, Edge::grade));
            }
        }
    }

    /// What is shown of many alternatives is a part of all, with the same grades, and the rest is
    /// counted.
    #[test]
    fn what_is_shown_is_a_part_and_the_rest_is_counted(stories in stories(), most in 0..4_usize, shown in any::<u16>()) {
        let lineage = lineage(&stories);
        let edges = edges(&lineage);
        let ids: Vec<RecordId> = edges.keys().copied().collect();
        let some: Vec<RecordId> = (0..16).zip(&ids).filter(|(bit, _)| shown >> bit & 1 == 1).map(|(_, id)| *id).collect();
        for records in [ids.clone(), some] {
            let mut joins = Joins::among(&lineage, &records, most);
            for (child, all) in &edges {
                let parents = joins.parents(*child);
                let all: Vec<&Edge> = all.iter().filter(|edge| records.contains(&edge.parent)).collect();
                for edge in &parents.edges {
                    let known = all.iter().find(|known| known.parent == edge.parent).expect("an edge");
                    prop_assert_eq!(known.grade(), edge.grade());
                }
                let is_said = |edge: &Edge| edge.links.iter().any(|link| link.grade() == Grade::Declared);
                let names = |edges: &mut dyn Iterator<Item = &Edge>| edges.map(|edge| edge.parent).collect::<Vec<_>>();
                let said = names(&mut all.iter().copied().filter(|edge| is_said(edge)));
                prop_assert_eq!(said, names(&mut parents.edges.iter().filter(|edge| is_said(edge))));
                let hidden: usize = parents.folded.iter().map(|folded| folded.count).sum();
                prop_assert!(parents.edges.len() + hidden >= all.len());
                prop_assert!(hidden > 0 || all.into_iter().eq(&parents.edges));
            }
        }
    }

    #[test]
    fn questions_about_many_records_are_those_about_each(stories in stories()) {
        let lineage = lineage(&stories);
        let edges = edges(&lineage);
        let ids: Vec<RecordId> = edges.keys().copied().collect();
        let (few, _) = ids.split_at(ids.len() / 2);
        let parents: BTreeSet<RecordId> = few.iter().flat_map(|id| &edges[id]).map(|edge| edge.parent).collect();
        prop_assert_eq!(lineage.parents_of_all(few), parents.into_iter().collect::<Vec<_>>());
        for (id, parents) in &edges {
            prop_assert_eq!(lineage.is_beginning(*id), parents.is_empty());
            let ways = lineage.ways_to(*id).expect("it is here");
            let on_ways: BTreeSet<RecordId> = ids.iter().filter_map(|from| ways.of(*from)).flatten().collect();
            prop_assert_eq!(ways.of_all(&ids), on_ways.into_iter().collect::<Vec<_>>());
        }
        let walked: BTreeSet<RecordId> =
            few.iter().flat_map(|id| lineage.walk(&[*id], Direction::Up, 2)).map(|reached| reached.record).collect();
        let together: BTreeSet<RecordId> =
            lineage.walk(few, Direction::Up, 2).into_iter().map(|reached| reached.record).collect();
        prop_assert_eq!(walked, together);
    }

    /// The closure is what following edges one by one gives; heads are what nobody names as a
    /// parent.
    #[test]
    fn closure_layers_and_heads_follow_from_the_edges(stories in stories()) {
        let lineage = lineage(&stories);
        let edges = edges(&lineage);
        for &start in edges.keys() {
            let mut slow = BTreeSet::new();
            let mut open = vec![start];
            while let Some(record) = open.pop() {
                open.extend(edges[&record].iter().map(|edge| edge.parent).filter(|&parent| slow.insert(parent)));
            }
            prop_assert_eq!(lineage.ancestors(&[start]), slow.iter().copied().collect::<Vec<_>>());
            for &ancestor in &slow {
                prop_assert!(lineage.descendants(&[ancestor]).contains(&start));
                let way = lineage.path(start, ancestor).expect("a way to every ancestor");
                prop_assert!(way.windows(2).all(|pair| edges[&pair[0]].iter().any(|edge| edge.parent == pair[1])));
            }
        }
        let layers = lineage.layers();
        let layer = |record| layers.iter().position(|layer| layer.contains(&record));
        let circles = |a, b| lineage.ancestors(&[a]).contains(&b) && lineage.ancestors(&[b]).contains(&a);
        for edge in edges.values().flatten().filter(|edge| !circles(edge.child, edge.parent)) {
            prop_assert!(layer(edge.parent) < layer(edge.child));
        }
        prop_assert_eq!(layers.iter().map(Vec::len).sum::<usize>(), lineage.len());
        let is_head = |&record: &RecordId| {
            lineage.descendants(&[record]).into_iter().all(|child| child == record || circles(record, child))
        };
        prop_assert_eq!(lineage.heads(), edges.keys().copied().filter(is_head).collect::<Vec<_>>());
    }
}

/// attacks.md 25: 2^40 paths, and a chain that is deeper than any stack.
#[test]
fn ladders_and_chains_cost_their_size() {
    let ladder = ladder(40);
    assert_eq!(ladder.ancestors(&[id("top 40")]).len(), 120);
    assert_eq!(ladder.layers().len(), 81);
    assert_eq!(ladder.heads(), [id("top 40")]);

    let length = 20_000_u32;
    let chain: Vec<Story> = (0..length)
        .map(|n| record(&n.to_string()).takes("model", &n.to_string()).puts("model", &(n + 1).to_string()))
        .collect();
    let chain = lineage(&chain);
    assert_eq!(chain.ancestors(&[id("19999")]).len(), 19_999);
    assert_eq!(chain.path(id("19999"), id("0")).expect("a way").len(), 20_000);
    assert_eq!(chain.layers().len(), 20_000);
}

/// Everybody makes and uses the same data set: the sum of facts, and not the 10^8 pairs.
#[test]
fn many_producers_and_many_consumers_cost_their_sum() {
    let count = 10_000;
    let makers = (0..count).map(|n| record(&format!("maker {n}")).puts("dataset", "t"));
    let users = (0..count).map(|n| record(&format!("user {n}")).takes("dataset", "t"));
    let lineage = lineage(&makers.chain(users).collect::<Vec<_>>());
    assert_eq!(lineage.heads().len(), count);
    assert_eq!(lineage.ancestors(&[id("user 7")]).len(), count);
    assert!(lineage.findings().is_empty());
    let edge = lineage.edge(id("user 7"), id("maker 9"));
    assert_eq!(edge, lineage.parents(id("user 7")).into_iter().find(|edge| edge.parent == id("maker 9")));
    assert!(edge.is_some() && lineage.edge(id("maker 9"), id("user 7")).is_none());
}
