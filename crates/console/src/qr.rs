//! QR codes (ISO/IEC 18004) as a path of an SVG, made here: no script, and it prints.

use hyper::header::HOST;
use qrcode::types::Color;
use qrcode::{EcLevel, QrCode};

use crate::state::State;
use crate::visit::Visit;

/// Modules that stay white on every side, as the standard asks.
const QUIET: usize = 4;

/// A code, drawn in units of one module.
pub(crate) struct Qr {
    /// What it says.
    pub(crate) text: String,
    /// Width and height with the quiet zone.
    pub(crate) side: usize,
    pub(crate) path: String,
}

impl Qr {
    /// A code that says `text`; none where that is too long for one.
    pub(crate) fn of(text: String) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).ok()?;
        let width = code.width();
        let colors = code.to_colors();
        let mut path = String::new();
        for (y, row) in colors.chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, other| one == other) {
                if run.first() == Some(&Color::Dark) {
                    let (left, top, wide) = (x + QUIET, y + QUIET, run.len());
                    path.push_str(&format!("M{left} {top}h{wide}v1h-{wide}z"));
                }
                x += run.len();
            }
        }
        Some(Self { text, side: width + 2 * QUIET, path })
    }

    /// A code for a page of this node, at the address under which the visitor reached it.
    pub(crate) fn to(state: &State, visit: &Visit, path: &str) -> Option<Self> {
        if let Some(origin) = &state.settings.origin {
            return Self::of(format!("{}{path}", origin.trim_end_matches('/')));
        }
        let host = visit.headers.get(HOST)?.to_str().ok()?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte);
        if host.is_empty() || host.len() > 255 || !host.bytes().all(plain) {
            return None;
        }
        let scheme = if state.settings.tls { "https" } else { "http" };
        Self::of(format!("{scheme}://{host}{path}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_draws_the_very_modules_of_the_code() {
        let text = "http://127.0.0.1:8080/r/ABCD-EFGH-JKMN-PQRS";
        let qr = Qr::of(text.into()).unwrap();
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let mut drawn = vec![false; qr.side * qr.side];
        for run in qr.path.split('M').skip(1) {
            let (from, rest) = run.split_once('h').unwrap();
            let (x, y) = from.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let wide: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            (x..x + wide).for_each(|x| drawn[y * qr.side + x] = true);
        }
        for y in 0..qr.side {
            for x in 0..qr.side {
                let inside =
                    (QUIET..qr.side - QUIET).contains(&x) && (QUIET..qr.side - QUIET).contains(&y);
                let dark = inside && code[(x - QUIET, y - QUIET)] == Color::Dark;
                assert_eq!(drawn[y * qr.side + x], dark, "{x} {y}");
            }
        }
        assert!(Qr::of("長".repeat(2_000)).is_none());
    }
}
