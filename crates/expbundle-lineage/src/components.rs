//! Strongly connected components, by Tarjan's algorithm without recursion.

use crate::adjacency::Adjacency;

const UNSEEN: u32 = u32::MAX;

/// The component of every vertex. Arcs lead to components of the same or a lower number, so
/// ascending numbers are a topological order in which what an arc leads to comes first.
#[derive(Clone, Debug)]
pub(crate) struct Components {
    /// By vertex.
    pub(crate) of: Vec<u32>,
    /// How many there are.
    pub(crate) count: u32,
}

impl Components {
    pub(crate) fn new(graph: &Adjacency) -> Self {
        let vertices = graph.len();
        let mut of = vec![UNSEEN; vertices as usize];
        let mut order = vec![UNSEEN; vertices as usize];
        let mut low = vec![0_u32; vertices as usize];
        let (mut count, mut clock) = (0, 0);
        // Vertices whose component is not known yet, and the path of the search with the next
        // neighbour to look at.
        let mut open: Vec<u32> = Vec::new();
        let mut path: Vec<(u32, usize)> = Vec::new();
        for root in 0..vertices {
            if order[root as usize] != UNSEEN {
                continue;
            }
            path.push((root, 0));
            while let Some((vertex, next)) = path.last_mut() {
                let v = *vertex as usize;
                if *next == 0 {
                    order[v] = clock;
                    low[v] = clock;
                    clock += 1;
                    open.push(*vertex);
                }
                if let Some(&target) = graph.of(*vertex).get(*next) {
                    *next += 1;
                    let t = target as usize;
                    if order[t] == UNSEEN {
                        path.push((target, 0));
                    } else if of[t] == UNSEEN {
                        low[v] = low[v].min(order[t]);
                    }
                    continue;
                }
                let finished = *vertex;
                path.pop();
                if let Some((parent, _)) = path.last() {
                    let p = *parent as usize;
                    low[p] = low[p].min(low[v]);
                }
                if low[v] == order[v] {
                    while let Some(member) = open.pop() {
                        of[member as usize] = count;
                        if member == finished {
                            break;
                        }
                    }
                    count += 1;
                }
            }
        }
        Self { of, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_one_component_and_comes_after_what_it_leads_to() {
        // 0 → 1 → 2 → 0, 2 → 3, 4 → 0
        let graph = Adjacency::new(5, &[(0, 1), (1, 2), (2, 0), (2, 3), (4, 0)]);
        let components = Components::new(&graph);
        assert_eq!(components.count, 3);
        assert_eq!(components.of, [1, 1, 1, 0, 2]);
    }
}
