//! Points while they wait: compact in memory, and past a budget in a temporary file. They come out
//! in the order of moment, key and arrival.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ops::Range;

use crate::cut::{Load, Moment};
use crate::page::Sparse;
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

impl Point<'_> {
    /// What its text counts as towards the end of a page.
    pub(crate) fn text_bytes(&self) -> usize {
        self.text.map_or(0, str::len)
    }
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
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    value: f64,
    moment: u32,
    /// The number of its key; or that of its text, with the highest bit.
    key: u32,
}

const HAS_TEXT: u32 = 1 << 31;

#[derive(Clone, Debug)]
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
    #[inline]
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
        self.text(cell).map_or(cell.key, |text| text.key)
    }

    fn point(&self, cell: Cell) -> Point<'_> {
        let (step, time_ns) = self.moments.get(cell.moment as usize).copied().unwrap_or_default();
        Point { step, time_ns, value: self.value(cell), text: self.text(cell).map(|text| &*text.letters) }
    }

    fn text(&self, cell: Cell) -> Option<&Text> {
        if cell.key & HAS_TEXT == 0 { None } else { self.texts.get((cell.key & !HAS_TEXT) as usize) }
    }

    fn value(&self, cell: Cell) -> Option<f64> {
        self.text(cell).is_none_or(|text| text.has_value).then_some(cell.value)
    }

    fn row(&self, cell: Cell) -> Row {
        let Point { step, time_ns, value, text } = self.point(cell);
        Row { key: self.key(cell), moment: (step, time_ns), value, text: text.map(Into::into) }
    }

    /// The points of a stretch with the number of the key of each, as they stand.
    pub fn points(&self, stretch: Range<usize>) -> impl Iterator<Item = (u32, Point<'_>)> {
        self.cells.get(stretch).unwrap_or_default().iter().map(|cell| (self.key(*cell), self.point(*cell)))
    }

    /// The points of each key that stand one behind the other, with its number.
    pub fn by_key(&self) -> impl Iterator<Item = (u32, impl Iterator<Item = Point<'_>>)> {
        let runs = self.cells.chunk_by(|a, b| self.key(*a) == self.key(*b));
        runs.map(|run| {
            let key = run.first().map_or(0, |cell| self.key(*cell));
            (key, run.iter().map(|cell| self.point(*cell)))
        })
    }

    /// The moment of each stretch of sorted points that have the same, the number of its first point,
    /// and its rows with what `bytes` gives for the key of each and with the texts.
    pub fn by_moment(&self, bytes: impl Fn(u32) -> usize) -> impl Iterator<Item = (usize, Moment, Load)> {
        let mut first = 0;
        self.cells.chunk_by(|a, b| a.moment == b.moment).map(move |cells| {
            let moment = cells.first().map_or(0, |cell| cell.moment);
            let of_cell = |cell: &Cell| bytes(self.key(*cell)) + self.text(*cell).map_or(0, |text| text.letters.len());
            let load = Load { rows: cells.len(), bytes: cells.iter().map(of_cell).sum() };
            first += cells.len();
            (first - cells.len(), at(&self.moments, moment), load)
        })
    }

    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// The points of a stretch, which are sorted, each at the place that it is given by its number in
    /// the stretch and its key.
    pub fn placed(&self, stretch: Range<usize>, mut place: impl FnMut(usize, u32) -> usize) -> Self {
        let cells = self.cells.get(stretch).unwrap_or_default();
        let moments = of_moments(cells);
        let first = number(moments.start);
        let moments = self.moments.get(moments).unwrap_or_default().to_vec();
        let mut placed = Self { cells: vec![Cell::default(); cells.len()], moments, ..Self::default() };
        for (index, cell) in cells.iter().enumerate() {
            let mut moved = Cell { moment: cell.moment - first, ..*cell };
            if let Some(text) = self.text(*cell) {
                placed.texts.push(text.clone());
                moved.key = HAS_TEXT | number(placed.texts.len() - 1);
            }
            if let Some(to) = placed.cells.get_mut(place(index, self.key(*cell))) {
                *to = moved;
            }
        }
        placed
    }

    /// Forgets the first points, which are sorted.
    pub fn forget(&mut self, count: usize) {
        self.cells.drain(..count);
        let first = of_moments(&self.cells).start;
        self.moments.drain(..if self.cells.is_empty() { self.moments.len() } else { first });
        let texts = self.cells.iter().find(|cell| cell.key & HAS_TEXT != 0).map(|cell| cell.key & !HAS_TEXT);
        self.texts.drain(..texts.map_or(self.texts.len(), |text| text as usize));
        for cell in &mut self.cells {
            cell.moment -= number(first);
            if cell.key & HAS_TEXT != 0 {
                cell.key -= texts.unwrap_or(0);
            }
        }
    }

    /// How many moments the points of a stretch have, which are sorted.
    pub fn moments(&self, stretch: Range<usize>) -> usize {
        of_moments(self.cells.get(stretch).unwrap_or_default()).len()
    }

    /// The number of the key of each point of a stretch.
    pub fn keys(&self, stretch: Range<usize>) -> impl Iterator<Item = u32> {
        self.cells.get(stretch).unwrap_or_default().iter().map(|cell| self.key(*cell))
    }

    /// What each point has of its moment.
    pub fn of_moment(&self, part: impl Fn(&Moment) -> Option<i64>) -> Sparse<i64> {
        let parts: Vec<Option<i64>> = self.moments.iter().map(part).collect();
        let present: Option<Vec<i64>> = parts.iter().copied().collect();
        match present {
            Some(parts) => Sparse::present(self.cells.iter().map(|cell| at(&parts, cell.moment)).collect()),
            None if parts.iter().all(Option::is_none) => Sparse::absent(self.cells.len()),
            None => self.cells.iter().map(|cell| at(&parts, cell.moment)).collect(),
        }
    }

    /// The value of each point.
    pub fn values(&self) -> Sparse<f64> {
        if self.texts.is_empty() {
            return Sparse::present(self.cells.iter().map(|cell| cell.value).collect());
        }
        self.cells.iter().map(|cell| self.value(*cell)).collect()
    }

    /// The text of each point.
    pub fn texts(&self) -> Sparse<&str> {
        if self.texts.is_empty() {
            return Sparse::absent(self.cells.len());
        }
        self.cells.iter().map(|cell| self.text(*cell).map(|text| &*text.letters)).collect()
    }

    /// Sorts by moment and key. Among equals the order of arrival stays.
    pub fn sort(&mut self, ranks: &Ranks) {
        if !self.moments.is_sorted_by(|a, b| a < b) {
            self.order_moments();
        }
        let mut cells = std::mem::take(&mut self.cells);
        if !cells.is_sorted_by_key(|cell| cell.moment) {
            cells = by_number(&cells, self.moments.len());
        }
        let mut order = Order::default();
        for moment in cells.chunk_by_mut(|a, b| a.moment == b.moment).filter(|moment| moment.len() > 1) {
            order.sort(moment, |cell| ranks.get(self.key(*cell) as usize).copied());
        }
        self.cells = cells;
    }

    /// Numbers the moments in their order, each once. Keys that come one after the other go through
    /// the same moments again and again: a stretch that repeats the first one needs no sorting.
    fn order_moments(&mut self) {
        let mut stretches = self.moments.chunk_by(|a, b| a < b);
        let first = stretches.next().unwrap_or_default();
        let mut order: Vec<u32> = (0..number(first.len())).collect();
        let mut repeated: Vec<Range<usize>> = Vec::new();
        let mut start = first.len();
        for stretch in stretches {
            let of_stretch = start..start + stretch.len();
            start = of_stretch.end;
            if first.starts_with(stretch) {
                repeated.push(of_stretch);
            } else {
                order.extend(number(of_stretch.start)..number(of_stretch.end));
            }
        }
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
        for stretch in repeated {
            numbers.copy_within(..stretch.len(), stretch.start);
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

/// The order of the points of a moment. Most moments have the keys of the one before, one after the
/// other as there.
#[derive(Default)]
struct Order {
    /// The keys of the last moment as they came.
    keys: Vec<u32>,
    /// Which of them comes first, second and so on.
    from: Vec<usize>,
    unsorted: Vec<Cell>,
}

impl Order {
    fn sort(&mut self, moment: &mut [Cell], rank: impl Fn(&Cell) -> Option<u32>) {
        self.unsorted.clear();
        self.unsorted.extend_from_slice(moment);
        if !moment.iter().map(|cell| &cell.key).eq(&self.keys) {
            self.keys.clear();
            self.keys.extend(moment.iter().map(|cell| cell.key));
            self.from.clear();
            self.from.extend(0..moment.len());
            self.from.sort_by_key(|index| self.unsorted.get(*index).and_then(&rank));
        }
        for (to, from) in moment.iter_mut().zip(&self.from) {
            if let Some(cell) = self.unsorted.get(*from) {
                *to = *cell;
            }
        }
    }
}

/// The cells in the order of their moments, of which there are so many; those of one stay in theirs.
fn by_number(cells: &[Cell], moments: usize) -> Vec<Cell> {
    // How many each moment has, then where its next one goes.
    let mut places = vec![0; moments];
    for cell in cells {
        if let Some(count) = places.get_mut(cell.moment as usize) {
            *count += 1;
        }
    }
    let mut next = 0;
    for place in &mut places {
        next += std::mem::replace(place, next);
    }
    let mut sorted = vec![Cell::default(); cells.len()];
    for cell in cells {
        let Some(place) = places.get_mut(cell.moment as usize) else { continue };
        if let Some(to) = sorted.get_mut(*place) {
            *to = *cell;
        }
        *place += 1;
    }
    sorted
}

fn at<T: Copy + Default>(parts: &[T], moment: u32) -> T {
    parts.get(moment as usize).copied().unwrap_or_default()
}

/// The moments of sorted points.
fn of_moments(cells: &[Cell]) -> Range<usize> {
    let moment = |cell: Option<&Cell>| cell.map(|cell| cell.moment as usize);
    moment(cells.first()).zip(moment(cells.last())).map_or(0..0, |(first, last)| first..last + 1)
}

/// There are fewer points than that in memory.
fn number(index: usize) -> u32 {
    u32::try_from(index).ok().filter(|index| index & HAS_TEXT == 0).expect("fewer points than that are in memory")
}

/// Gives every point with the number of its key, in the order of moment, key and arrival: those of
/// the file, which are read piece by piece, and those that wait, which are sorted.
pub fn merged<E: From<io::Error>>(
    waiting: &Waiting,
    spill: &Spill,
    ranks: &Ranks,
    mut take: impl FnMut(u32, &Point<'_>) -> Result<(), E>,
) -> Result<(), E> {
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
