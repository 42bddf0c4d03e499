//! Rows that are not this node's: left out, and said once for each reason, since a file of a whole
//! province has many of them.

use std::collections::BTreeMap;

use crate::problem::{Fault, Problem, Spot};

/// How many rows were left out for which reason, and the first of them.
#[derive(Default)]
pub(super) struct Aside(BTreeMap<Fault, (usize, Spot)>);

impl Aside {
    /// Leaves a row out.
    pub(super) fn add(&mut self, why: Fault, spot: Spot) {
        self.0.entry(why).or_insert((0, spot)).0 += 1;
    }

    /// A note for each reason, at the first of its rows.
    pub(super) fn told(&self) -> impl Iterator<Item = Problem> {
        self.0.iter().map(|(why, (rows, spot))| {
            let (zh, en) = if *why == Fault::OutsideArea {
                ("不在本节点的区划之内", "outside this node's area")
            } else {
                ("属于本节点不管的层级", "of a level that this node does not keep")
            };
            let (zh, en) = match *rows {
                1 => (format!("{zh}，已略过"), format!("{en}: left out")),
                _ => (
                    format!("{zh}，连同另外 {} 行，已略过", rows - 1),
                    format!("{en}, as are {} more rows: left out", rows - 1),
                ),
            };
            Problem::note(*why, spot.clone(), zh, en)
        })
    }
}
