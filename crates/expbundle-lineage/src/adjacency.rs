//! Adjacency: a directed graph over dense numbers, in two vectors.

/// Who is joined to whom. Vertices are `0..len`, neighbours of each are sorted and unique.
#[derive(Clone, Debug, Default)]
pub(crate) struct Adjacency {
    /// Where each vertex's neighbours begin; one more than there are vertices.
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Adjacency {
    /// Collects arcs `(from, to)`, given in any order and as often as they like.
    pub(crate) fn new(vertices: usize, arcs: &[(u32, u32)]) -> Self {
        let listed = Self::list(vertices, || arcs.iter().copied());
        let mut starts = Vec::with_capacity(vertices + 1);
        let mut targets = Vec::with_capacity(arcs.len());
        // Each list is sorted by itself, which is cheaper than sorting all arcs in one go.
        for vertex in 0..listed.len() {
            starts.push(as_u32(targets.len()));
            let first = targets.len();
            targets.extend_from_slice(listed.of(vertex));
            targets[first..].sort_unstable();
            let mut kept = first;
            for index in first..targets.len() {
                if index == first || targets[index] != targets[kept - 1] {
                    targets[kept] = targets[index];
                    kept += 1;
                }
            }
            targets.truncate(kept);
        }
        starts.push(as_u32(targets.len()));
        Self { starts, targets }
    }

    /// Collects arcs as they come: lists have the order of the arcs, and keep what comes twice.
    fn list<A: Iterator<Item = (u32, u32)>>(vertices: usize, arcs: impl Fn() -> A) -> Self {
        let mut starts = vec![0_u32; vertices + 1];
        for (from, _) in arcs() {
            starts[from as usize + 1] += 1;
        }
        for vertex in 0..vertices {
            starts[vertex + 1] += starts[vertex];
        }
        let mut targets = vec![0_u32; starts[vertices] as usize];
        let mut next = starts.clone();
        for (from, to) in arcs() {
            let place = &mut next[from as usize];
            targets[*place as usize] = to;
            *place += 1;
        }
        Self { starts, targets }
    }

    /// The same graph with every arc turned round.
    pub(crate) fn reversed(&self) -> Self {
        // Arcs come in the order of what will be their targets, so the lists are sorted as they
        // are.
        Self::list(self.len() as usize, || {
            (0..self.len()).flat_map(|from| self.of(from).iter().map(move |&to| (to, from)))
        })
    }

    /// Number of vertices.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.starts.len().saturating_sub(1)).expect("vertices are numbered by u32")
    }

    /// Neighbours of a vertex.
    pub(crate) fn of(&self, vertex: u32) -> &[u32] {
        let vertex = vertex as usize;
        &self.targets[self.starts[vertex] as usize..self.starts[vertex + 1] as usize]
    }
}

fn as_u32(arcs: usize) -> u32 {
    u32::try_from(arcs).expect("fewer than 2^32 arcs fit into memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_unique_both_ways() {
        let graph = Adjacency::new(4, &[(2, 3), (0, 3), (2, 1), (2, 3), (0, 0)]);
        let lists = |graph: &Adjacency| (0..graph.len()).map(|vertex| graph.of(vertex).to_vec()).collect::<Vec<_>>();
        assert_eq!(lists(&graph), [vec![0, 3], vec![], vec![1, 3], vec![]]);
        assert_eq!(lists(&graph.reversed()), [vec![0], vec![2], vec![], vec![0, 2]]);
    }
}
