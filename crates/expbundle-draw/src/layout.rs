//! A layered layout: ancestors to the left, descendants to the right (after Sugiyama, Tagawa and
//! Toda, 1981).
//!
//! Arcs that close a circle are turned; layers are longest paths; arcs over several layers get a
//! place in each; barycentre sweeps take out crossings; positions within a layer are the least
//! squares that keep the distances. The result depends on the graph alone. Labels are measured by
//! the caller.

/// Places for long arcs beyond which they are drawn straight instead, because nobody could follow
/// them anyway.
const BENDS_MAX: usize = 20_000;
/// Sweeps through the layers; crossings rarely fall after the tenth.
const SWEEPS: usize = 16;
/// Rounds of straightening.
const ROUNDS: usize = 12;

const NODE_DISTANCE: f64 = 18.0;
const BEND_HEIGHT: f64 = 10.0;
const BEND_DISTANCE: f64 = 6.0;
const COLUMN_DISTANCE_MIN: f64 = 56.0;
/// Room for the curve of an arc with a label, before the level stretch below the label.
const CURVE: f64 = 40.0;
/// What a level stretch is longer than its label, for the arrow head and some air.
const STRETCH_MORE: f64 = 16.0;
/// Height of a label, which is the distance of arcs where they end in the same node.
const LABEL_HEIGHT: f64 = 15.0;
/// Labels beyond which arcs into the same node lie closer.
pub(crate) const LABELS_MOST: usize = 12;

/// Width and height of what is to be placed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Size {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// An arc to be laid out, and the room that its label wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arc {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) label_width: f64,
}

/// A point of the picture.
pub(crate) type Point = (f64, f64);

/// Where everything stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    /// Upper left corner of each node.
    pub(crate) nodes: Vec<Point>,
    /// Height of each node: at least what it was given.
    pub(crate) heights: Vec<f64>,
    /// For each arc the points that it goes through: pairs of a column's left and right side
    /// between its two ends. The last two of an arc with a label are a level stretch, above which
    /// the label has room; an arc that was turned has none.
    pub(crate) arcs: Vec<Vec<Point>>,
    /// Of everything.
    pub(crate) size: Size,
}

/// A node, or the place of a long arc in a layer between.
struct Vertex {
    size: Size,
    layer: usize,
    is_bend: bool,
    /// Centre.
    y: f64,
}

impl Arc {
    /// Length of the level stretch at its end.
    fn stretch(&self) -> f64 {
        if self.label_width > 0.0 { self.label_width + STRETCH_MORE } else { 0.0 }
    }
}

/// Places nodes of these sizes. Arcs from a node to itself are left out.
pub(crate) fn layout(sizes: &[Size], arcs: &[Arc]) -> Layout {
    let mut labels = vec![0; sizes.len()];
    for arc in arcs.iter().filter(|arc| arc.label_width > 0.0) {
        labels[arc.to] += 1;
    }
    // A node has at least the height of the labels before it, so that their arcs end at it.
    let room = |labels: usize| labels.min(LABELS_MOST) as f64 * LABEL_HEIGHT;
    let sizes: Vec<Size> = sizes
        .iter()
        .zip(labels)
        .map(|(size, labels)| Size { height: size.height.max(room(labels)), ..*size })
        .collect();
    Layout { heights: sizes.iter().map(|size| size.height).collect(), ..place_all(&sizes, arcs) }
}

fn place_all(sizes: &[Size], arcs: &[Arc]) -> Layout {
    let forward = without_circles(sizes.len(), arcs);
    let layers = layers(sizes.len(), &forward);
    let mut vertices: Vec<Vertex> =
        sizes.iter().zip(&layers).map(|(&size, &layer)| Vertex { size, layer, is_bend: false, y: 0.0 }).collect();
    let chains = bend(&mut vertices, &forward);
    let mut columns = order(&vertices, &chains);
    place(&mut vertices, &mut columns, &chains);
    draw(&vertices, &columns, &chains, arcs)
}

/// The arcs with those turned that would close a circle; `None` for loops.
fn without_circles(nodes: usize, arcs: &[Arc]) -> Vec<Option<(usize, usize)>> {
    let graph = neighbours(nodes, arcs.iter().map(|arc| (arc.from, arc.to)));
    let (mut entered, mut left) = (vec![usize::MAX; nodes], vec![usize::MAX; nodes]);
    let mut clock = 0;
    let mut path: Vec<(usize, usize)> = Vec::new();
    for root in 0..nodes {
        if entered[root] != usize::MAX {
            continue;
        }
        entered[root] = clock;
        path.push((root, 0));
        while let Some((vertex, next)) = path.last_mut() {
            clock += 1;
            if let Some(&target) = graph[*vertex].get(*next) {
                *next += 1;
                if entered[target] == usize::MAX {
                    entered[target] = clock;
                    path.push((target, 0));
                }
            } else {
                left[*vertex] = clock;
                path.pop();
            }
        }
    }
    // An arc back to a vertex that was still open when its own start was entered closes a circle.
    let closes = |arc: &Arc| entered[arc.to] < entered[arc.from] && left[arc.to] > left[arc.from];
    let turn = |arc: &Arc| if closes(arc) { (arc.to, arc.from) } else { (arc.from, arc.to) };
    arcs.iter().map(|arc| (arc.from != arc.to).then(|| turn(arc))).collect()
}

/// Longest paths; what has no ancestor moves next to its first descendant.
fn layers(nodes: usize, arcs: &[Option<(usize, usize)>]) -> Vec<usize> {
    let graph = neighbours(nodes, arcs.iter().flatten().copied());
    let mut waiting = vec![0_usize; nodes];
    for &to in graph.iter().flatten() {
        waiting[to] += 1;
    }
    let mut layers = vec![0_usize; nodes];
    let roots: Vec<usize> = (0..nodes).filter(|&vertex| waiting[vertex] == 0).collect();
    let mut ready = roots.clone();
    while let Some(vertex) = ready.pop() {
        for &to in &graph[vertex] {
            layers[to] = layers[to].max(layers[vertex] + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    for root in roots {
        let next = graph[root].iter().map(|&to| layers[to]).min();
        layers[root] = next.map_or(0, |layer| layer.saturating_sub(1));
    }
    layers
}

/// The vertices that each arc goes through, with new ones in every layer that it crosses.
fn bend(vertices: &mut Vec<Vertex>, arcs: &[Option<(usize, usize)>]) -> Vec<Vec<usize>> {
    let between = |&(from, to): &(usize, usize), vertices: &[Vertex]| vertices[from].layer + 1..vertices[to].layer;
    let bends: usize = arcs.iter().flatten().map(|arc| between(arc, vertices).len()).sum();
    let straight = bends > BENDS_MAX;
    let mut chains = Vec::with_capacity(arcs.len());
    for arc in arcs {
        let Some((from, to)) = *arc else {
            chains.push(Vec::new());
            continue;
        };
        let mut chain = vec![from];
        for layer in between(&(from, to), vertices).take(if straight { 0 } else { usize::MAX }) {
            chain.push(vertices.len());
            let size = Size { width: 0.0, height: BEND_HEIGHT };
            vertices.push(Vertex { size, layer, is_bend: true, y: 0.0 });
        }
        chain.push(to);
        chains.push(chain);
    }
    chains
}

/// Neighbours of each vertex in the layers before and after.
struct Neighbours {
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
}

impl Neighbours {
    fn new(vertices: usize, chains: &[Vec<usize>]) -> Self {
        let steps = || chains.iter().flat_map(|chain| chain.iter().copied().zip(chain.iter().copied().skip(1)));
        Self { before: neighbours(vertices, steps().map(|(a, b)| (b, a))), after: neighbours(vertices, steps()) }
    }
}

/// Where the arcs from each vertex lead: sorted, each vertex once.
fn neighbours(vertices: usize, arcs: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new(); vertices];
    for (from, to) in arcs {
        all[from].push(to);
    }
    for to in &mut all {
        to.sort_unstable();
        to.dedup();
    }
    all
}

/// The vertices of each layer from top to bottom.
fn order(vertices: &[Vertex], chains: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let neighbours = Neighbours::new(vertices.len(), chains);
    let count = vertices.iter().map(|vertex| vertex.layer + 1).max().unwrap_or(0);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); count];
    for vertex in depth_first(vertices.len(), &neighbours) {
        columns[vertices[vertex].layer].push(vertex);
    }
    let mut rank = ranks(&columns, vertices.len());
    let mut best = columns.clone();
    let mut fewest = crossings(&columns, &neighbours, &rank);
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        let down = sweep % 2 == 0;
        let side = if down { &neighbours.before } else { &neighbours.after };
        for index in 0..count {
            let column = &mut columns[if down { index } else { count - 1 - index }];
            let barycentre = |&vertex: &usize| {
                let others = &side[vertex];
                if others.is_empty() {
                    return rank[vertex];
                }
                others.iter().map(|&other| rank[other]).sum::<f64>() / others.len() as f64
            };
            let mut keyed: Vec<(f64, usize)> = column.iter().map(|vertex| (barycentre(vertex), *vertex)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            *column = keyed.into_iter().map(|(_, vertex)| vertex).collect();
            for (position, &vertex) in column.iter().enumerate() {
                rank[vertex] = position as f64 / column.len() as f64;
            }
        }
        let now = crossings(&columns, &neighbours, &rank);
        if now < fewest {
            fewest = now;
            best.clone_from(&columns);
        }
    }
    best
}

/// Vertices as a search meets them, which keeps families together from the start.
fn depth_first(vertices: usize, neighbours: &Neighbours) -> Vec<usize> {
    let mut seen = vec![false; vertices];
    let mut met = Vec::with_capacity(vertices);
    for root in 0..vertices {
        let mut open = vec![root];
        while let Some(vertex) = open.pop() {
            if !std::mem::replace(&mut seen[vertex], true) {
                met.push(vertex);
                let (before, after) = (&neighbours.before[vertex], &neighbours.after[vertex]);
                open.extend(before.iter().chain(after).rev().copied().filter(|&next| !seen[next]));
            }
        }
    }
    met
}

/// The place of each vertex within its layer, from 0 to 1, so that layers of different sizes
/// compare.
fn ranks(columns: &[Vec<usize>], vertices: usize) -> Vec<f64> {
    let mut rank = vec![0.0; vertices];
    for column in columns {
        for (position, &vertex) in column.iter().enumerate() {
            rank[vertex] = position as f64 / column.len() as f64;
        }
    }
    rank
}

/// Pairs of arcs between neighbouring layers that cross: inversions, counted with a Fenwick tree.
fn crossings(columns: &[Vec<usize>], neighbours: &Neighbours, rank: &[f64]) -> usize {
    let mut total = 0;
    for (column, next) in columns.iter().zip(columns.iter().skip(1)) {
        let position = |vertex: usize| (rank[vertex] * next.len() as f64).round();
        let mut sums = vec![0_usize; next.len() + 2];
        let mut seen = 0;
        for &vertex in column {
            let mut ends: Vec<usize> = neighbours.after[vertex].iter().map(|&to| index(position(to))).collect();
            ends.retain(|&end| end < next.len());
            for &end in &ends {
                let mut not_after = 0;
                let mut node = end + 1;
                while node > 0 {
                    not_after += sums[node];
                    node &= node - 1;
                }
                total += seen - not_after;
            }
            for end in ends {
                let mut node = end + 1;
                while node < sums.len() {
                    sums[node] += 1;
                    node += node & node.wrapping_neg();
                }
                seen += 1;
            }
        }
    }
    total
}

/// Gives each vertex its height in the picture: near its neighbours, in order, and apart from the
/// next.
fn place(vertices: &mut [Vertex], columns: &mut [Vec<usize>], chains: &[Vec<usize>]) {
    let neighbours = Neighbours::new(vertices.len(), chains);
    for column in columns.iter() {
        let wanted: Vec<f64> = vec![0.0; column.len()];
        settle(vertices, column, &wanted);
    }
    for round in 0..ROUNDS {
        let down = round % 2 == 0;
        for index in 0..columns.len() {
            let column = &columns[if down { index } else { columns.len() - 1 - index }];
            let wanted: Vec<f64> = column
                .iter()
                .map(|&vertex| {
                    let (before, after) = (&neighbours.before[vertex], &neighbours.after[vertex]);
                    let both = || before.iter().chain(after);
                    // The last rounds look both ways, so that neither side pulls everything over.
                    let others: Vec<usize> = match (round + 4 >= ROUNDS, down) {
                        (true, _) => both().copied().collect(),
                        (false, true) => before.clone(),
                        (false, false) => after.clone(),
                    };
                    if others.is_empty() {
                        return vertices[vertex].y;
                    }
                    others.iter().map(|&other| vertices[other].y).sum::<f64>() / others.len() as f64
                })
                .collect();
            settle(vertices, column, &wanted);
        }
    }
}

/// Least squares under fixed distances: isotonic regression by pooling what would overlap.
fn settle(vertices: &mut [Vertex], column: &[usize], wanted: &[f64]) {
    let mut offsets = Vec::with_capacity(column.len());
    let mut offset = 0.0;
    for (position, &vertex) in column.iter().enumerate() {
        if let Some(&above) = position.checked_sub(1).and_then(|above| column.get(above)) {
            let (above, below) = (&vertices[above], &vertices[vertex]);
            let distance = if above.is_bend && below.is_bend { BEND_DISTANCE } else { NODE_DISTANCE };
            offset += f64::midpoint(above.size.height, below.size.height) + distance;
        }
        offsets.push(offset);
    }
    // Blocks of vertices that touch: sum of what they want, and how many they are.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (want, offset) in wanted.iter().zip(&offsets) {
        let mut block = (want - offset, 1);
        while let Some(&(sum, count)) = blocks.last() {
            if sum / (count as f64) <= block.0 / (block.1 as f64) {
                break;
            }
            block = (block.0 + sum, block.1 + count);
            blocks.pop();
        }
        blocks.push(block);
    }
    let starts = blocks.into_iter().flat_map(|(sum, count)| std::iter::repeat_n(sum / count as f64, count));
    for ((&vertex, offset), start) in column.iter().zip(offsets).zip(starts) {
        vertices[vertex].y = start + offset;
    }
}

/// Turns columns and heights into points.
fn draw(vertices: &[Vertex], columns: &[Vec<usize>], chains: &[Vec<usize>], arcs: &[Arc]) -> Layout {
    let top = |vertex: &Vertex| vertex.y - vertex.size.height / 2.0;
    let highest = vertices.iter().map(top).fold(f64::INFINITY, f64::min);
    let highest = if highest.is_finite() { highest } else { 0.0 };
    // The label of an arc stands in the gap before the node that it leads to.
    let mut gaps = vec![COLUMN_DISTANCE_MIN; columns.len()];
    for (chain, arc) in chains.iter().zip(arcs) {
        if let Some(&last) = chain.last() {
            let gap = &mut gaps[vertices[last].layer];
            *gap = gap.max(arc.stretch() + CURVE);
        }
    }
    let mut lefts = Vec::with_capacity(columns.len());
    let mut widths = Vec::with_capacity(columns.len());
    let mut x = 0.0;
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            x += gaps[index];
        }
        let width = column.iter().map(|&vertex| vertices[vertex].size.width).fold(0.0, f64::max);
        lefts.push(x);
        widths.push(width);
        x += width;
    }
    let nodes = vertices.iter().filter(|vertex| !vertex.is_bend);
    let nodes: Vec<Point> = nodes.map(|vertex| (lefts[vertex.layer], top(vertex) - highest)).collect();
    let points = |chain: &Vec<usize>| {
        let last = chain.len().saturating_sub(1);
        let mut points = Vec::with_capacity(2 * chain.len());
        for (position, &vertex) in chain.iter().enumerate() {
            let vertex = &vertices[vertex];
            let (left, y) = (lefts[vertex.layer], vertex.y - highest);
            let right = left + if vertex.is_bend { widths[vertex.layer] } else { vertex.size.width };
            if position > 0 {
                points.push((left, y));
            }
            if position < last {
                points.push((right, y));
                // A node that is narrower than its column: level to the end of the column, or the
                // curve could run through its neighbours.
                if position == 0 {
                    let end = (left + widths[vertex.layer], y);
                    points.extend([end, end]);
                }
            }
        }
        points
    };
    let mut routes: Vec<Vec<Point>> = chains.iter().map(points).collect();
    for (end, arriving) in arriving(vertices.len(), chains) {
        spread(&mut routes, &arriving, &vertices[end]);
    }
    for ((points, chain), arc) in routes.iter_mut().zip(chains).zip(arcs) {
        if chain.first() != Some(&arc.from) {
            points.reverse();
        } else if arc.label_width > 0.0
            && let Some(to) = points.last_mut()
        {
            let end = *to;
            to.0 -= arc.stretch();
            points.push(end);
        }
    }
    let height = vertices.iter().map(|vertex| top(vertex) + vertex.size.height - highest).fold(0.0, f64::max);
    Layout { nodes, arcs: routes, size: Size { width: x, height }, ..Layout::default() }
}

/// The arcs that end in each vertex, where there are several.
fn arriving(vertices: usize, chains: &[Vec<usize>]) -> impl Iterator<Item = (usize, Vec<usize>)> {
    let mut arriving = vec![Vec::new(); vertices];
    for (arc, chain) in chains.iter().enumerate() {
        if let Some(&end) = chain.last() {
            arriving[end].push(arc);
        }
    }
    arriving.into_iter().enumerate().filter(|(_, arcs)| arcs.len() > 1)
}

/// Lets arcs that end in the same vertex end below each other, in the order in which they come.
fn spread(points: &mut [Vec<Point>], arriving: &[usize], vertex: &Vertex) {
    let from = |arc: usize| points[arc].iter().rev().nth(1).map_or(0.0, |point| point.1);
    let mut sorted: Vec<(f64, usize)> = arriving.iter().map(|&arc| (from(arc), arc)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let distance = (vertex.size.height / sorted.len() as f64).min(LABEL_HEIGHT);
    let middle = (sorted.len() - 1) as f64 / 2.0;
    for (index, (_, arc)) in sorted.into_iter().enumerate() {
        if let Some(end) = points[arc].last_mut() {
            end.1 += (index as f64 - middle) * distance;
        }
    }
}

/// A position that was computed from one, so it is small and not negative.
fn index(position: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions are small whole numbers")]
    let index = position.max(0.0) as usize;
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lay_out(nodes: usize, arcs: &[(usize, usize)]) -> Layout {
        let arcs: Vec<Arc> = arcs.iter().map(|&(from, to)| Arc { from, to, label_width: 0.0 }).collect();
        layout(&vec![Size { width: 100.0, height: 40.0 }; nodes], &arcs)
    }

    #[test]
    fn ancestors_are_left_and_nothing_overlaps() {
        let arcs: Vec<(usize, usize)> = (1..60).map(|child| (child / 3, child)).collect();
        let layout = lay_out(60, &arcs);
        for (from, to) in arcs {
            assert!(layout.nodes[from].0 < layout.nodes[to].0);
        }
        for (index, a) in layout.nodes.iter().enumerate() {
            for b in layout.nodes.iter().skip(index + 1) {
                assert!((a.0 - b.0).abs() >= 100.0 || (a.1 - b.1).abs() >= 40.0, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_crossing_that_can_be_undone_is_undone() {
        let layout = lay_out(4, &[(0, 3), (1, 2)]);
        let above = |a: usize, b: usize| layout.nodes[a].1 < layout.nodes[b].1;
        assert_eq!(above(0, 1), above(3, 2));
    }

    #[test]
    fn circles_loops_and_nothing_are_laid_out_too() {
        let layout = lay_out(3, &[(0, 1), (1, 2), (2, 0), (1, 1)]);
        assert_eq!(layout.arcs.iter().map(Vec::is_empty).collect::<Vec<_>>(), [false, false, false, true]);
        // The turned arc still begins where it begins.
        let (start, end) = (layout.arcs[2][0], layout.nodes[2]);
        assert!(start.0 >= end.0 && start.0 <= end.0 + 100.0);
        assert!(lay_out(0, &[]).nodes.is_empty());
    }

    #[test]
    fn a_long_arc_goes_round_the_nodes_between() {
        let layout = lay_out(3, &[(0, 1), (1, 2), (0, 2)]);
        let through: Vec<_> = layout.arcs[2].iter().filter(|point| point.0 >= layout.nodes[1].0).collect();
        let middle = layout.nodes[1].1..layout.nodes[1].1 + 40.0;
        assert!(through.iter().take(2).all(|point| !middle.contains(&point.1)));
    }
}
