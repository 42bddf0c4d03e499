//! Polygons in well-known text (OGC 06-103r4, §7): `POLYGON ((118.4 29.8, …))`,
//! `MULTIPOLYGON (((…)), ((…)))`, with heights or measures, which are dropped, and with PostGIS's
//! `SRID=4326;` in front.

use governance::territory::{BoundaryError, MAX_POINTS, MAX_RINGS};

use super::{Rings, ShapeError};
use crate::coordinates::System;

/// The rings of a polygon or of all of a multipolygon's polygons.
pub(super) fn parse(text: &str, system: System) -> Result<Rings, ShapeError> {
    let mut scan = Scan { text, at: 0 };
    scan.srid(system)?;
    let kind = scan.word().to_ascii_uppercase();
    // The height may be announced apart (`POLYGON Z (`) or not (`POLYGONZ (`).
    let kind = kind.trim_end_matches(['Z', 'M']);
    scan.word();
    let mut rings = Vec::new();
    match kind {
        "POLYGON" => scan.polygon(&mut rings)?,
        "MULTIPOLYGON" => scan.list(|scan| scan.polygon(&mut rings))?,
        _ => return Err(ShapeError::Kind),
    }
    scan.blank();
    if scan.at == text.len() { Ok(rings) } else { Err(scan.wrong()) }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl Scan<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blank(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn wrong(&self) -> ShapeError {
        ShapeError::Syntax(self.text[..self.at].chars().count() + 1)
    }

    fn srid(&mut self, system: System) -> Result<(), ShapeError> {
        self.blank();
        let Some((head, _)) = self.rest().split_once(';') else { return Ok(()) };
        let agrees = system == System::Wgs84 && matches!(head, "SRID=4326" | "SRID=4490");
        if !agrees {
            return Err(ShapeError::System(head.chars().take(20).collect()));
        }
        self.at += head.len() + 1;
        Ok(())
    }

    fn word(&mut self) -> String {
        self.blank();
        let word: String = self.rest().chars().take_while(char::is_ascii_alphabetic).collect();
        self.at += word.len();
        word
    }

    fn take(&mut self, mark: char) -> Result<(), ShapeError> {
        self.blank();
        if !self.rest().starts_with(mark) {
            return Err(self.wrong());
        }
        self.at += mark.len_utf8();
        Ok(())
    }

    /// `( item , item … )`
    fn list(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), ShapeError>,
    ) -> Result<(), ShapeError> {
        self.take('(')?;
        loop {
            item(self)?;
            self.blank();
            if !self.rest().starts_with(',') {
                return self.take(')');
            }
            self.at += 1;
        }
    }

    fn polygon(&mut self, rings: &mut Rings) -> Result<(), ShapeError> {
        self.list(|scan| {
            if rings.len() == MAX_RINGS {
                return Err(BoundaryError::Rings(MAX_RINGS + 1).into());
            }
            let mut ring = Vec::new();
            scan.list(|scan| {
                if ring.len() > MAX_POINTS {
                    return Err(BoundaryError::Points(ring.len()).into());
                }
                ring.push(scan.position()?);
                Ok(())
            })?;
            rings.push(ring);
            Ok(())
        })
    }

    fn position(&mut self) -> Result<(f64, f64), ShapeError> {
        let (lon, lat) = (self.number()?, self.number()?);
        for _ in 0..2 {
            self.blank();
            if self.rest().starts_with([',', ')']) {
                break;
            }
            self.number()?;
        }
        Ok((lon, lat))
    }

    fn number(&mut self) -> Result<f64, ShapeError> {
        self.blank();
        let of_number = |c: &char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let digits: String = self.rest().chars().take_while(of_number).collect();
        let number = digits.parse().map_err(|_| self.wrong())?;
        self.at += digits.len();
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rings(text: &str) -> Result<Rings, ShapeError> {
        parse(text, System::Wgs84)
    }

    #[test]
    fn polygons_with_holes_parts_and_heights_read() {
        let square = vec![(0.0, 0.0), (1.5, 0.0), (1.5, -2e0), (0.0, 0.0)];
        assert_eq!(rings("POLYGON((0 0,1.5 0,1.5 -2e0,0 0))"), Ok(vec![square.clone()]));
        let text =
            " srid=4326;polygon z ( ( 0 0 9, 1.5 0 9, 1.5 -2 9, 0 0 9 ) )".replace("srid", "SRID");
        assert_eq!(rings(&text), Ok(vec![square.clone()]));
        assert_eq!(
            rings("POLYGONZM((0 0 1 2,1.5 0 1 2,1.5 -2 1 2,0 0 1 2))"),
            Ok(vec![square.clone()])
        );
        let many = "MULTIPOLYGON(((0 0,1.5 0,1.5 -2,0 0),(0 0,1.5 0,1.5 -2,0 0)),((0 0,1.5 0,1.5 -2,0 0)))";
        assert_eq!(rings(many), Ok(vec![square; 3]));
    }

    #[test]
    fn what_is_not_a_polygon_is_refused_where_it_stops_being_one() {
        assert_eq!(rings("LINESTRING(0 0,1 1)"), Err(ShapeError::Kind));
        assert_eq!(rings("POLYGON EMPTY"), Err(ShapeError::Syntax(14)));
        assert_eq!(rings("POLYGON((0 0,1 x))"), Err(ShapeError::Syntax(16)));
        assert_eq!(rings("POLYGON((0 0,1 1)"), Err(ShapeError::Syntax(18)));
        assert_eq!(rings("POLYGON((0 0,1 1))x"), Err(ShapeError::Syntax(19)));
        assert!(matches!(rings("SRID=3857;POLYGON((0 0))"), Err(ShapeError::System(_))));
        assert!(matches!(
            parse("SRID=4326;POLYGON((0 0))", System::Gcj02),
            Err(ShapeError::System(_))
        ));
    }

    proptest! {
        #[test]
        fn any_text_reads_or_is_refused(text in "(POLYGON|MULTIPOLYGON|.{0,5})[ (),0-9.eE;=村-]{0,60}") {
            let _ = rings(&text);
        }
    }
}
