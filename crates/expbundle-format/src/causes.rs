//! Errors as `main` shows them.

use std::error::Error;
use std::fmt;

/// Writes an error with its causes, each that the text before it does not have, in one line.
///
/// `fn main() -> Result<(), Box<dyn Error>>` shows an error by its `Debug`, where the names of
/// variants and fields would help nobody.
///
/// # Errors
/// Those of the formatter.
pub fn with_causes(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    f.write_str(&text)
}

/// Makes `Debug` of error types write what [`with_causes`] does.
#[macro_export]
macro_rules! debug_with_causes {
    ($($error:ty),+ $(,)?) => {$(
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::causes::with_causes(self, f)
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use std::io;

    /// An error with a cause.
    #[derive(thiserror::Error)]
    enum Outer {
        /// The cause is apart.
        #[error("`a` cannot be read")]
        Apart(#[source] io::Error),
        /// The text has the cause.
        #[error("`a` is {0}")]
        Within(#[source] io::Error),
    }

    debug_with_causes!(Outer);

    #[test]
    fn a_cause_is_told_once() {
        let shown = |error: Outer| format!("{error:?}");
        assert_eq!(shown(Outer::Apart(io::Error::other("gone"))), "`a` cannot be read: gone");
        assert_eq!(shown(Outer::Within(io::Error::other("gone"))), "`a` is gone");
    }
}
