//! Texts that look drawn at random.

/// Whether a text looks drawn at random: one of its parts is long, and changes often between
/// digits, small letters and capitals.
pub fn is_random(text: &str) -> bool {
    if is_uuid(text) {
        return true;
    }
    if entropy(text) < 2.9 {
        return false;
    }
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        let kind = |byte: u8| if byte.is_ascii_digit() { 0 } else { 1 + u8::from(byte.is_ascii_uppercase()) };
        let switches = part.as_bytes().windows(2).filter(|pair| matches!(pair, [a, b] if kind(*a) != kind(*b))).count();
        // `RequestsCookieJar` is words: most of it is small letters in a row.
        let runs = part.split(|c: char| !c.is_ascii_lowercase()).map(str::len).filter(|run| *run >= 3).sum::<usize>();
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        // Long keys of small letters and digits have such runs too, but of letters that words
        // seldom have, and numbers all over.
        let lower = part.bytes().filter(u8::is_ascii_lowercase).count();
        let seldom = part.bytes().filter(|byte| b"jkqvwxz".contains(byte)).count();
        let numbers = part.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty()).count();
        let is_key = part.len() >= 24 && (numbers >= 5 || numbers >= 3 && seldom * 8 >= lower);
        let wordy = !is_key && runs * 100 > part.len() * if digits >= 2 { 75 } else { 60 };
        part.len() >= 8 && switches >= (part.len() / if is_key { 10 } else { 6 }).max(3) && !wordy
    })
}

/// Eight, four, four, four and twelve digits, as many services issue keys.
pub(super) fn is_uuid(text: &str) -> bool {
    let mut lengths = text.split('-').map(str::len);
    [8, 4, 4, 4, 12].into_iter().all(|length| lengths.next() == Some(length))
        && lengths.next().is_none()
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
        && entropy(text) > 2.0
}

/// Shannon's entropy in bits a byte.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let all = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / all)
        .map(|share| -share * share.log2())
        .sum()
}
