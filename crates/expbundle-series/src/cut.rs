//! Where pages end, and how their rows stand: so that what is alike stands side by side in one
//! page, which is what a codec sees.
//!
//! Rows of one step and time are a *moment*. A page has a power of two of them, so that in runs
//! whose moments have every key each key's times are the same bytes in the same place.

use crate::profile::{PAGE_ROWS, PAGE_TEXT_BYTES};

/// Step, and time in nanoseconds. Absent is least.
pub type Moment = (Option<i64>, Option<i64>);

/// What rows come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    pub rows: usize,
    /// Of keys and texts, those of each row.
    pub bytes: usize,
}

impl Load {
    /// Whether a page holds it.
    pub fn fits(self) -> bool {
        self.rows <= PAGE_ROWS && self.bytes <= PAGE_TEXT_BYTES
    }

    pub fn plus(self, other: Self) -> Self {
        Self { rows: self.rows.saturating_add(other.rows), bytes: self.bytes.saturating_add(other.bytes) }
    }

    fn minus(self, other: Self) -> Self {
        Self { rows: self.rows - other.rows, bytes: self.bytes - other.bytes }
    }
}

/// Whether the rows of a page stand moment by moment, and not key by key: where many keys have few
/// points each, a key says less than a moment.
pub fn by_moment(rows: usize, moments: usize, keys: usize) -> bool {
    let [rows, moments, keys] = [rows, moments, keys].map(|count| count as u64);
    rows >= 4 * moments && 16 * rows < keys * moments
}

/// Cuts rows into pages: takes them in the order of moment and key.
#[derive(Debug, Default)]
pub struct Cut {
    /// What waits up to the end of each moment.
    ends: Vec<Load>,
    last: Option<Moment>,
}

impl Cut {
    /// Takes a row if it fits with what waits. If not, gives how many of the rows that wait are the
    /// next page; the row is to be given again.
    pub fn add(&mut self, moment: Moment, bytes: usize) -> Option<usize> {
        let waiting = self.ends.last().copied().unwrap_or_default();
        let with = waiting.plus(Load { rows: 1, bytes });
        let goes_on = self.last == Some(moment);
        if !with.fits() && waiting.rows > 0 {
            return Some(self.end_page(waiting, goes_on));
        }
        match self.ends.last_mut().filter(|_| goes_on) {
            Some(end) => *end = with,
            None => self.ends.push(with),
        }
        self.last = Some(moment);
        None
    }

    /// Takes all rows of a moment, none of which was given before, if they fit with what waits.
    pub fn add_moment(&mut self, moment: Moment, load: Load) -> bool {
        let with = self.ends.last().copied().unwrap_or_default().plus(load);
        let fits = with.fits();
        if fits {
            self.ends.push(with);
            self.last = Some(moment);
        }
        fits
    }

    fn end_page(&mut self, waiting: Load, goes_on: bool) -> usize {
        let whole = self.ends.len() - usize::from(goes_on);
        let Some(power) = whole.checked_ilog2() else {
            // Not even one moment fits: it is cut by rows, and its rest is as if it were a moment.
            *self = Self::default();
            return waiting.rows;
        };
        let taken = 1_usize << power;
        let load = self.ends.get(taken - 1).copied().unwrap_or_default();
        self.ends.drain(..taken);
        self.ends.iter_mut().for_each(|end| *end = end.minus(load));
        load.rows
    }
}

/// A moment of a page.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub moment: Moment,
    pub load: Load,
}

/// Holds the pages of a file to where [`Cut`] ends them.
#[derive(Debug, Default)]
pub struct CutCheck {
    /// Pages that end rightly only if as many moments behind them do not fit with them.
    open: Vec<Open>,
    /// The page before: its moments, its load, its last moment.
    previous: Option<(usize, Load, Moment)>,
}

#[derive(Debug)]
struct Open {
    moments_left: usize,
    load: Load,
}

/// A page that ends elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndsElsewhere;

impl CutCheck {
    /// Takes the next page: its moments in order, and the keys and texts of its first row in the
    /// order of moment and key.
    pub fn page(&mut self, parts: &[Part], first_bytes: usize) -> Result<(), EndsElsewhere> {
        let load = parts.iter().fold(Load::default(), |load, part| load.plus(part.load));
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Err(EndsElsewhere) };
        if !load.fits() {
            return Err(EndsElsewhere);
        }
        let mut goes_on = false;
        if let Some((moments, load, moment)) = self.previous {
            goes_on = moment == first.moment;
            if goes_on {
                // A moment is cut by rows only where it is alone, and only by a row that does not
                // fit.
                if moments != 1 || load.plus(Load { rows: 1, bytes: first_bytes }).fits() {
                    return Err(EndsElsewhere);
                }
            } else if moments.is_power_of_two() {
                self.open.push(Open { moments_left: moments, load });
            } else {
                return Err(EndsElsewhere);
            }
        }
        for part in parts {
            self.part(part.load, std::mem::take(&mut goes_on))?;
        }
        self.previous = Some((parts.len(), load, last.moment));
        Ok(())
    }

    fn part(&mut self, load: Load, goes_on: bool) -> Result<(), EndsElsewhere> {
        if self.open.is_empty() {
            return Ok(());
        }
        for open in &mut self.open {
            if !goes_on {
                open.moments_left = open.moments_left.checked_sub(1).ok_or(EndsElsewhere)?;
            }
            open.load = open.load.plus(load);
        }
        self.open.retain(|open| open.load.fits());
        Ok(())
    }

    /// After the last page: what is left of a file is one page if it fits.
    pub fn end(&self) -> Result<(), EndsElsewhere> {
        if self.open.is_empty() { Ok(()) } else { Err(EndsElsewhere) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of each page, for moments of so many rows.
    fn pages(moments: &[usize]) -> Vec<usize> {
        let (mut cut, mut pages, mut waiting) = (Cut::default(), Vec::new(), 0);
        for (step, rows) in (0..).zip(moments) {
            for _ in 0..*rows {
                while let Some(page) = cut.add((Some(step), None), 0) {
                    pages.push(page);
                    waiting -= page;
                }
                waiting += 1;
            }
        }
        pages.push(waiting);
        pages
    }

    #[test]
    fn pages_have_a_power_of_two_of_moments() {
        assert_eq!(pages(&vec![21; 3120]), [21 * 3120]);
        assert_eq!(pages(&vec![21; 3121]), [21 * 2048, 21 * 1073]);
        assert_eq!(pages(&vec![21; 7000]), [21 * 2048, 21 * 2048, 21 * 2904]);
        assert_eq!(pages(&vec![1; 65_537]), [65_536, 1]);
        assert_eq!(pages(&[40_000, 40_000, 3]), [40_000, 40_003]);
        assert_eq!(pages(&[3, 140_000, 2]), [3, 65_536, 65_536, 8_930]);
    }

    /// Pages whose moments have so many rows.
    fn check(pages: &[&[usize]]) -> Result<(), EndsElsewhere> {
        let (mut check, mut step) = (CutCheck::default(), 0);
        for page in pages {
            let parts: Vec<_> = page
                .iter()
                .map(|rows| {
                    step += 1;
                    Part { moment: (Some(step), None), load: Load { rows: *rows, bytes: 0 } }
                })
                .collect();
            check.page(&parts, 0)?;
        }
        check.end()
    }

    #[test]
    fn pages_that_end_elsewhere_are_seen() {
        let dense = |moments| vec![21; moments];
        assert_eq!(check(&[&dense(2048), &dense(1073)]), Ok(()));
        for first in [1024, 2000, 2047, 2049, 3120] {
            assert_eq!(check(&[&dense(first), &dense(3121 - first)]), Err(EndsElsewhere), "{first}");
        }
        assert_eq!(check(&[&dense(1024), &dense(1024), &dense(1073)]), Err(EndsElsewhere));
        // The rest would have fitted.
        assert_eq!(check(&[&dense(1024), &dense(10)]), Err(EndsElsewhere));
        assert_eq!(check(&[&dense(3120)]), Ok(()));
        assert_eq!(check(&[&[40_000], &[40_000, 3]]), Ok(()));
        assert_eq!(check(&[&[70_000]]), Err(EndsElsewhere));
    }

    #[test]
    fn a_moment_is_cut_by_rows_only_where_it_is_alone() {
        let page = |moments: &[(i64, usize)]| -> Vec<Part> {
            let part = |(step, rows): &(i64, usize)| Part {
                moment: (Some(*step), None),
                load: Load { rows: *rows, bytes: 0 },
            };
            moments.iter().map(part).collect()
        };
        let check = |pages: &[&[(i64, usize)]]| {
            let mut check = CutCheck::default();
            pages.iter().try_for_each(|moments| check.page(&page(moments), 0))?;
            check.end()
        };
        assert_eq!(check(&[&[(1, 3)], &[(2, 65_536)], &[(2, 65_536)], &[(2, 8_928), (3, 2)]]), Ok(()));
        assert_eq!(check(&[&[(1, 3), (2, 65_533)], &[(2, 9)]]), Err(EndsElsewhere));
        assert_eq!(check(&[&[(2, 65_535)], &[(2, 9)]]), Err(EndsElsewhere));
    }

    #[test]
    fn sparse_pages_stand_by_moment() {
        assert!(by_moment(40_000, 4_000, 2_000));
        // All keys in every moment, one point in each, and few keys.
        assert!(!by_moment(64_000, 32, 2_000));
        assert!(!by_moment(65_536, 65_536, 2_000));
        assert!(!by_moment(62_000, 20_000, 9));
    }
}
