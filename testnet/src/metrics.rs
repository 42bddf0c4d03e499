//! What a node says of itself at `/metrics`, in the Prometheus text format.

/// The value of a counter or gauge without labels; 0 where there is none.
#[must_use]
pub fn value(metrics: &[u8], name: &str) -> u64 {
    let text = String::from_utf8_lossy(metrics);
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_by_its_whole_name() {
        let text = b"# HELP a b\nwangge_log_records_x 9\nwangge_log_records 12\n";
        assert_eq!(value(text, "wangge_log_records"), 12);
        assert_eq!(value(text, "nothing"), 0);
    }
}
