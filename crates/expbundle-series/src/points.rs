//! Points while they wait: compact in memory, and past a budget in a temporary file. They come out
//! in the order of moment, key and arrival.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use crate::cut::Moment;
use crate::spill::{Spill, Spilled};

/// A point of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point<'a> {
    /// Step, if it has one.
    pub step: Option<i64>,
    /// Time in nanoseconds since 1970, if it has one.
    pub time_ns: Option<i64>,
    /// The value, if it is a number.
    pub value: Option<f64>,
    /// The value as text, if it is not a number, or has more digits than a float holds.
    pub text: Option<&'a str>,
}

/// A row: a point that owns its text, and the number of its key in the order in which keys came.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub key: u32,
    pub moment: Moment,
    pub value: Option<f64>,
    pub text: Option<Box<str>>,
}

impl Row {
    pub fn point(&self) -> Point<'_> {
        let (step, time_ns) = self.moment;
        Point { step, time_ns, value: self.value, text: self.text.as_deref() }
    }
}

/// The place of each key in the order of keys, by its number.
pub type Ranks = Vec<u32>;

/// Points that wait in memory.
#[derive(Debug, Default)]
pub struct Waiting {
    cells: Vec<Cell>,
    /// The points of a moment arrive together, so that it is kept once.
    moments: Vec<Moment>,
    texts: Vec<Text>,
    bytes: usize,
}

/// A point in memory.
#[derive(Clone, Copy, Debug)]
struct Cell {
    value: f64,
    moment: u32,
    /// The number of its key; or that of its text, with the highest bit.
    key: u32,
}

const HAS_TEXT: u32 = 1 << 31;

#[derive(Debug)]
struct Text {
    key: u32,
    has_value: bool,
    letters: Box<str>,
}

impl Waiting {
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// What it takes of memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a point; whether its moment is another than that of the point before.
    pub fn push(&mut self, key: u32, point: &Point<'_>) -> bool {
        let moment = (point.step, point.time_ns);
        let is_new = self.moments.last() != Some(&moment);
        if is_new {
            self.moments.push(moment);
            self.bytes += size_of::<Moment>();
        }
        let key = match point.text {
            None => key,
            Some(text) => {
                self.bytes += size_of::<Text>() + text.len();
                self.texts.push(Text { key, has_value: point.value.is_some(), letters: text.into() });
                HAS_TEXT | number(self.texts.len() - 1)
            }
        };
        let (value, moment) = (point.value.unwrap_or(0.0), number(self.moments.len() - 1));
        self.cells.push(Cell { value, moment, key });
        self.bytes += size_of::<Cell>();
        is_new
    }

    fn key(&self, cell: Cell) -> u32 {
        match cell.key & HAS_TEXT {
            0 => cell.key,
            _ => self.texts.get((cell.key & !HAS_TEXT) as usize).map_or(0, |text| text.key),
        }
    }

    fn point(&self, cell: Cell) -> Point<'_> {
        let (step, time_ns) = self.moments.get(cell.moment as usize).copied().unwrap_or_default();
        let text = if cell.key & HAS_TEXT == 0 { None } else { self.texts.get((cell.key & !HAS_TEXT) as usize) };
        let value = text.is_none_or(|text| text.has_value).then_some(cell.value);
        Point { step, time_ns, value, text: text.map(|text| &*text.letters) }
    }

    fn row(&self, cell: Cell) -> Row {
        let Point { step, time_ns, value, text } = self.point(cell);
        Row { key: self.key(cell), moment: (step, time_ns), value, text: text.map(Into::into) }
    }

    /// Every point with the number of its key, as they stand.
    pub fn points(&self) -> impl Iterator<Item = (u32, Point<'_>)> {
        self.cells.iter().map(|cell| (self.key(*cell), self.point(*cell)))
    }

    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// How many times the moment changes.
    pub fn moments(&self) -> usize {
        self.moments.len()
    }

    /// Takes the first points out.
    pub fn take(&mut self, count: usize) -> Self {
        let mut rest = Self::default();
        for (key, point) in self.points().skip(count) {
            rest.push(key, &point);
        }
        let mut taken = std::mem::replace(self, rest);
        taken.cells.truncate(count);
        let moments = taken.cells.last().map_or(0, |cell| cell.moment as usize + 1);
        taken.moments.truncate(moments);
        taken
    }

    /// Sorts by moment and key. Among equals the order of arrival stays.
    fn sort(&mut self, ranks: &Ranks) {
        if !self.moments.is_sorted_by(|a, b| a < b) {
            self.order_moments();
        }
        let mut cells = std::mem::take(&mut self.cells);
        if !cells.is_sorted_by_key(|cell| cell.moment) {
            cells.sort_by_key(|cell| cell.moment);
        }
        for moment in cells.chunk_by_mut(|a, b| a.moment == b.moment).filter(|moment| moment.len() > 1) {
            moment.sort_by_key(|cell| ranks.get(self.key(*cell) as usize));
        }
        self.cells = cells;
    }

    /// Numbers the moments in their order, each once. Keys that come one after the other go through
    /// the same moments again and again.
    fn order_moments(&mut self) {
        let mut order: Vec<u32> = (0..number(self.moments.len())).collect();
        let of = |index: &u32| self.moments.get(*index as usize).copied().unwrap_or_default();
        order.sort_by_key(of);
        let mut numbers = vec![0; self.moments.len()];
        let mut moments: Vec<Moment> = Vec::with_capacity(self.moments.len());
        for index in order {
            let moment = of(&index);
            if moments.last() != Some(&moment) {
                moments.push(moment);
            }
            if let Some(place) = numbers.get_mut(index as usize) {
                *place = number(moments.len() - 1);
            }
        }
        for cell in &mut self.cells {
            cell.moment = numbers.get(cell.moment as usize).copied().unwrap_or(0);
        }
        self.moments = moments;
    }

    /// Puts everything into the file, sorted.
    pub fn spill(&mut self, ranks: &Ranks, spill: &mut Spill) -> io::Result<()> {
        self.sort(ranks);
        spill.write(self.cells.iter().map(|cell| self.row(*cell)))?;
        // The room is used again.
        self.cells.clear();
        self.moments.clear();
        self.texts.clear();
        self.bytes = 0;
        Ok(())
    }
}

/// There are fewer points than that in memory.
fn number(index: usize) -> u32 {
    u32::try_from(index).ok().filter(|index| index & HAS_TEXT == 0).expect("fewer points than that are in memory")
}

/// Gives every point with the number of its key, in the order of moment, key and arrival. What was
/// spilled is read piece by piece.
pub fn in_order<E: From<io::Error>>(
    waiting: &mut Waiting,
    spill: Option<&Spill>,
    ranks: &Ranks,
    mut take: impl FnMut(u32, &Point<'_>) -> Result<(), E>,
) -> Result<(), E> {
    waiting.sort(ranks);
    let Some(spill) = spill else { return waiting.points().try_for_each(|(key, point)| take(key, &point)) };
    let mut sources: Vec<Source<'_>> =
        spill.stretches().iter().map(|stretch| Source::Spilled(spill.read(*stretch))).collect();
    sources.push(Source::Waiting(waiting, 0));
    // Among equals the earlier source comes first, which is the order of arrival.
    let order = |row: &Row, source: usize| Reverse((row.moment, ranks.get(row.key as usize).copied(), source));
    let mut heads: Vec<Option<Row>> = Vec::with_capacity(sources.len());
    let mut others = BinaryHeap::with_capacity(sources.len());
    for (index, source) in sources.iter_mut().enumerate() {
        let head = source.next()?;
        others.extend(head.iter().map(|row| order(row, index)));
        heads.push(head);
    }
    while let Some(Reverse((_, _, index))) = others.pop() {
        let places = sources.get_mut(index).zip(heads.get_mut(index));
        let (source, head) = places.expect("the heap has indices of sources alone");
        // Sources mostly lie behind each other, so that one is read to its end.
        while let Some(row) = head.take() {
            take(row.key, &row.point())?;
            *head = source.next()?;
            if let Some(row) = head {
                let place = order(row, index);
                if others.peek().is_some_and(|other| *other > place) {
                    others.push(place);
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Where rows come from, in order.
enum Source<'a> {
    Spilled(Spilled<'a>),
    /// And the number of the next cell.
    Waiting(&'a Waiting, usize),
}

impl Source<'_> {
    fn next(&mut self) -> io::Result<Option<Row>> {
        match self {
            Self::Spilled(rows) => rows.next(),
            Self::Waiting(waiting, next) => {
                let row = waiting.cells.get(*next).map(|cell| waiting.row(*cell));
                *next += 1;
                Ok(row)
            }
        }
    }
}
