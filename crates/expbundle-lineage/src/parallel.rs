//! Work on all cores, by rayon; or on the thread that asks, without the feature `parallel`, by the
//! same names.

#[cfg(not(feature = "parallel"))]
pub use alone::{join, prelude};
#[cfg(feature = "parallel")]
pub use rayon::{join, prelude};

#[cfg(not(feature = "parallel"))]
mod alone {
    /// Both results, one after the other.
    pub fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
        (a(), b())
    }

    /// What is used of rayon's.
    pub mod prelude {
        use std::iter::{FlatMap, Flatten};

        /// Whatever can be gone through.
        pub trait IntoParallelIterator: IntoIterator + Sized {
            /// One item after the other.
            fn into_par_iter(self) -> Self::IntoIter {
                self.into_iter()
            }
        }

        impl<I: IntoIterator> IntoParallelIterator for I {}

        /// The same of what is borrowed.
        pub trait IntoParallelRefIterator<'a> {
            /// What goes through it.
            type Iter: Iterator;
            /// One item after the other.
            fn par_iter(&'a self) -> Self::Iter;
        }

        impl<'a, C: ?Sized + 'a> IntoParallelRefIterator<'a> for C
        where
            &'a C: IntoIterator,
        {
            type Iter = <&'a C as IntoIterator>::IntoIter;

            fn par_iter(&'a self) -> Self::Iter {
                self.into_iter()
            }
        }

        /// The same of what is borrowed, to be changed.
        pub trait IntoParallelRefMutIterator<'a> {
            /// What goes through it.
            type Iter: Iterator;
            /// One item after the other.
            fn par_iter_mut(&'a mut self) -> Self::Iter;
        }

        impl<'a, C: ?Sized + 'a> IntoParallelRefMutIterator<'a> for C
        where
            &'a mut C: IntoIterator,
        {
            type Iter = <&'a mut C as IntoIterator>::IntoIter;

            fn par_iter_mut(&'a mut self) -> Self::Iter {
                self.into_iter()
            }
        }

        /// What rayon's iterators can do besides.
        pub trait ParallelIterator: Iterator + Sized {
            /// The items of all results.
            fn flat_map_iter<R: IntoIterator, F: FnMut(Self::Item) -> R>(self, f: F) -> FlatMap<Self, R, F> {
                self.flat_map(f)
            }

            /// The items of all items.
            fn flatten_iter(self) -> Flatten<Self>
            where
                Self::Item: IntoIterator,
            {
                self.flatten()
            }

            /// How finely work is shared out, which it is not.
            #[must_use]
            fn with_max_len(self, _most: usize) -> Self {
                self
            }
        }

        impl<I: Iterator> ParallelIterator for I {}
    }
}
