//! The points of one series while they wait: compact in memory, and past a budget in a temporary file.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use crate::spill::{Spill, SpilledPoints, Stretch};

/// A point of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point<'a> {
    /// Step, if it has one.
    pub step: Option<i64>,
    /// Time in nanoseconds since 1970, if it has one.
    pub time_ns: Option<i64>,
    /// The value, if it is a number.
    pub value: Option<f64>,
    /// The value as text, if it is no number, or has more digits than a float holds.
    pub text: Option<&'a str>,
}

/// What points are sorted by. Absent is least.
type Order = (Option<i64>, Option<i64>);

/// A point that owns its text.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// As that of the point.
    pub step: Option<i64>,
    /// As that of the point.
    pub time_ns: Option<i64>,
    /// As that of the point.
    pub value: Option<f64>,
    /// As that of the point.
    pub text: Option<Box<str>>,
}

impl Kept {
    /// The point.
    pub fn point(&self) -> Point<'_> {
        Point { step: self.step, time_ns: self.time_ns, value: self.value, text: self.text.as_deref() }
    }

    fn order(&self) -> Order {
        (self.step, self.time_ns)
    }
}

impl From<Point<'_>> for Kept {
    fn from(point: Point<'_>) -> Self {
        let Point { step, time_ns, value, text } = point;
        Self { step, time_ns, value, text: text.map(Into::into) }
    }
}

/// The points of one key. Those that were spilled take no memory.
#[derive(Debug, Default)]
pub struct Waiting {
    recent: Recent,
    /// Sorted stretches in the temporary file, in the order of arrival.
    spilled: Vec<Stretch>,
    /// The last in order of all that were spilled.
    last_spilled: Option<Order>,
    /// Whether a stretch begins before the end of an earlier one.
    overlap: bool,
}

/// Where points in memory stand. Those of a row have one place, which is kept once.
#[derive(Debug, Default)]
pub struct Places(Vec<Order>);

impl Places {
    /// The place of a point, and the bytes that it takes if it is a new one.
    pub fn add(&mut self, point: &Point<'_>) -> (Place, usize) {
        let order = (point.step, point.time_ns);
        let is_new = self.0.last() != Some(&order);
        if is_new {
            self.0.push(order);
        }
        let place = u32::try_from(self.0.len() - 1).expect("fewer places than that are in memory");
        (Place(place), if is_new { size_of::<Order>() } else { 0 })
    }

    /// Forgets them all, once no point is left in memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn order(&self, cell: &Cell) -> Order {
        self.0.get(cell.place.0 as usize).copied().unwrap_or_default()
    }
}

/// One of the [`Places`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

/// Points in memory.
#[derive(Debug, Default)]
struct Recent {
    cells: Vec<Cell>,
    texts: Vec<Box<str>>,
}

/// A point in memory: 16 bytes, because points of many keys arrive by turns and each touches memory of its own.
#[derive(Clone, Copy, Debug)]
struct Cell {
    value: f64,
    place: Place,
    /// Number of its text, from 1, twice; and 1 more if it has no value. Nearly always 0.
    text: u32,
}

impl Waiting {
    /// Adds a point; returns the bytes that it takes in memory.
    pub fn push(&mut self, place: Place, point: &Point<'_>) -> usize {
        self.recent.push(place, point)
    }

    pub fn is_empty(&self) -> bool {
        self.recent.cells.is_empty() && self.spilled.is_empty()
    }

    /// Puts everything that is in memory into the file, sorted.
    pub fn spill(&mut self, places: &Places, spill: &mut Spill) -> io::Result<()> {
        self.sort(places);
        let recent = &mut self.recent;
        if !recent.cells.is_empty() {
            self.spilled.push(spill.write(recent.cells.iter().map(|cell| recent.point(cell, places)))?);
        }
        // The room is used again.
        recent.cells.clear();
        recent.texts.clear();
        Ok(())
    }

    /// Sorts what is in memory, and notes where it begins and ends.
    fn sort(&mut self, places: &Places) {
        self.recent.sort(places);
        let sorted = &self.recent;
        let first = sorted.cells.first().map(|cell| places.order(cell));
        self.overlap |= self.last_spilled.zip(first).is_some_and(|(last, first)| last > first);
        self.last_spilled = self.last_spilled.max(sorted.cells.last().map(|cell| places.order(cell)));
    }

    /// Gives every point in the order of the file: by step, time and arrival. What was spilled is read piece by piece.
    pub fn for_each<E: From<io::Error>>(
        mut self,
        places: &Places,
        spill: Option<&Spill>,
        mut take: impl FnMut(Kept) -> Result<(), E>,
    ) -> Result<(), E> {
        self.sort(places);
        let recent = self.recent;
        let spilled = spill.into_iter().flat_map(|spill| self.spilled.iter().map(|one| spill.read(*one)));
        if self.overlap {
            return merge(spilled.map(Source::Spilled).chain([Source::Recent(recent, places, 0)]).collect(), take);
        }
        for mut points in spilled {
            while let Some(kept) = points.next()? {
                take(kept)?;
            }
        }
        recent.cells.iter().try_for_each(|cell| take(recent.point(cell, places).into()))
    }
}

/// Merges sorted sources. Among equals the earlier source comes first, which is the order of arrival.
fn merge<E: From<io::Error>>(
    mut sources: Vec<Source<'_>>,
    mut take: impl FnMut(Kept) -> Result<(), E>,
) -> Result<(), E> {
    let mut heads: Vec<Option<Kept>> = Vec::with_capacity(sources.len());
    let mut next = BinaryHeap::with_capacity(sources.len());
    for (index, source) in sources.iter_mut().enumerate() {
        let head = source.next()?;
        next.extend(head.iter().map(|kept| Reverse((kept.order(), index))));
        heads.push(head);
    }
    while let Some(Reverse((_, index))) = next.pop() {
        let (source, head) =
            sources.get_mut(index).zip(heads.get_mut(index)).expect("the heap has indices of sources alone");
        let kept = head.take().expect("a source in the heap has a head");
        take(kept)?;
        *head = source.next()?;
        next.extend(head.iter().map(|kept| Reverse((kept.order(), index))));
    }
    Ok(())
}

impl Recent {
    fn push(&mut self, place: Place, point: &Point<'_>) -> usize {
        let mut cell = Cell { value: point.value.unwrap_or(0.0), place, text: 0 };
        let mut bytes = size_of::<Cell>();
        if let Some(text) = point.text {
            self.texts.push(text.into());
            let number = u32::try_from(self.texts.len()).ok().and_then(|number| number.checked_mul(2));
            cell.text = number.expect("fewer texts than that are in memory") + u32::from(point.value.is_none());
            bytes += size_of::<Box<str>>() + text.len();
        }
        self.cells.push(cell);
        bytes
    }

    /// Sorts by step and time. A stable sort keeps the order of arrival among equals. Trackers write in order, so there is
    /// hardly ever something to do.
    fn sort(&mut self, places: &Places) {
        if !self.cells.is_sorted_by_key(|cell| places.order(cell)) {
            self.cells.sort_by_key(|cell| places.order(cell));
        }
    }

    fn point(&self, cell: &Cell, places: &Places) -> Point<'_> {
        let (step, time_ns) = places.order(cell);
        let has_value = cell.text.is_multiple_of(2);
        let text = (cell.text as usize / 2).checked_sub(1).and_then(|index| self.texts.get(index));
        Point { step, time_ns, value: has_value.then_some(cell.value), text: text.map(|text| &**text) }
    }
}

/// Where points of one key come from, in order.
enum Source<'a> {
    Spilled(SpilledPoints<'a>),
    /// And the number of the next point.
    Recent(Recent, &'a Places, usize),
}

impl Source<'_> {
    fn next(&mut self) -> io::Result<Option<Kept>> {
        match self {
            Self::Spilled(points) => points.next(),
            Self::Recent(recent, places, next) => {
                let kept = recent.cells.get(*next).map(|cell| Kept::from(recent.point(cell, places)));
                *next += 1;
                Ok(kept)
            }
        }
    }
}
