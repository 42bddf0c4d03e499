//! What covers what, by slabs: the ground is cut along every latitude at which an edge begins, ends
//! or crosses another, so that between two cuts every piece is a trapezoid. Trapezoids under the
//! same boundaries that touch make a piece. Nothing has to be decided about nearly equal edges:
//! a mistake of a unit changes areas by nothing that matters.

use std::collections::HashMap;

use governance::territory::{Boundary, Point};

use super::{scale, xy};

/// Most steps of the reckoning, each some ten nanoseconds. A county's townships take a tenth.
const MAX_STEPS: usize = 60_000_000;
/// Trapezoids below this many square units (a cubic millimetre's side) are the noise of rounding.
const NOTHING: f64 = 1.0;

/// Too many points, or too many crossings, to reckon with in a second or so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the boundaries have too many points or crossings: simplify them")]
pub struct TooComplex;

/// A connected piece of ground that the same boundaries cover.
#[derive(Clone, PartialEq)]
pub(crate) struct Piece {
    /// The boundaries, by their index, ascending; never empty.
    pub(crate) by: Vec<usize>,
    /// Its area in m².
    pub(crate) area: f64,
    /// A point in its broadest part.
    pub(crate) at: Point,
}

/// All pieces.
#[derive(Clone, PartialEq, Default)]
pub(crate) struct Cover {
    /// In no particular order.
    pub(crate) pieces: Vec<Piece>,
}

/// Cuts the ground under the boundaries into pieces. Each boundary counts by the even–odd rule.
///
/// # Errors
/// [`TooComplex`].
pub(crate) fn cover(boundaries: &[&Boundary]) -> Result<Cover, TooComplex> {
    let mut sweep = Sweep::new(boundaries);
    sweep.run()?;
    Ok(sweep.pieces())
}

/// An edge from south to north.
#[derive(Clone, Copy)]
struct Edge {
    south: (f64, f64),
    north: (f64, f64),
    of: usize,
}

impl Edge {
    fn x(&self, y: f64) -> f64 {
        let (run, rise) = (self.north.0 - self.south.0, self.north.1 - self.south.1);
        self.south.0 + run * ((y - self.south.1) / rise)
    }
}

/// Ground between two edges within a slab.
struct Trapezoid {
    /// West and east at the southern and at the northern cut.
    south: (f64, f64),
    north: (f64, f64),
    /// Which boundaries, by the class's number.
    class: usize,
    /// Its number in the union.
    id: usize,
}

struct Sweep {
    /// By their southern ends.
    edges: Vec<Edge>,
    cuts: Vec<f64>,
    classes: HashMap<Vec<usize>, usize>,
    /// The trapezoids of the slab below.
    below: Vec<Trapezoid>,
    union: Union,
    steps: usize,
}

impl Sweep {
    fn new(boundaries: &[&Boundary]) -> Self {
        let mut edges = Vec::new();
        for (of, boundary) in boundaries.iter().enumerate() {
            for edge in boundary.rings().iter().flat_map(|ring| ring.windows(2)) {
                let (a, b) = (xy(edge[0]), xy(edge[1]));
                // A level edge bounds no trapezoid.
                if a.1 < b.1 {
                    edges.push(Edge { south: a, north: b, of });
                } else if b.1 < a.1 {
                    edges.push(Edge { south: b, north: a, of });
                }
            }
        }
        edges.sort_by(|a, b| a.south.1.total_cmp(&b.south.1));
        let mut cuts: Vec<f64> =
            edges.iter().flat_map(|edge| [edge.south.1, edge.north.1]).collect();
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        Self {
            edges,
            cuts,
            classes: HashMap::new(),
            below: Vec::new(),
            union: Union::default(),
            steps: 0,
        }
    }

    fn run(&mut self) -> Result<(), TooComplex> {
        let cuts = std::mem::take(&mut self.cuts);
        let mut active: Vec<Edge> = Vec::new();
        let mut next = 0;
        for slab in cuts.windows(2) {
            let (south, north) = (slab[0], slab[1]);
            active.retain(|edge| edge.north.1 > south);
            while let Some(edge) = self.edges.get(next).filter(|edge| edge.south.1 <= south) {
                active.push(*edge);
                next += 1;
            }
            self.spend(active.len())?;
            let mut from = south;
            for to in self.crossings(&mut active, south, north)? {
                self.slab(&mut active, from, to)?;
                from = to;
            }
        }
        Ok(())
    }

    fn spend(&mut self, steps: usize) -> Result<(), TooComplex> {
        self.steps += steps;
        if self.steps > MAX_STEPS { Err(TooComplex) } else { Ok(()) }
    }

    /// The latitudes within the slab at which edges cross, and its northern end.
    fn crossings(
        &mut self,
        active: &mut [Edge],
        south: f64,
        north: f64,
    ) -> Result<Vec<f64>, TooComplex> {
        active.sort_by(|a, b| {
            a.x(south).total_cmp(&b.x(south)).then(a.x(north).total_cmp(&b.x(north)))
        });
        let ends: Vec<(f64, f64)> =
            active.iter().map(|edge| (edge.x(south), edge.x(north))).collect();
        let mut found = Vec::new();
        // In order at both ends means that nothing crosses, which is nearly always so.
        if !ends.is_sorted_by(|a, b| a.1 <= b.1) {
            for (at, left) in ends.iter().enumerate() {
                self.spend(ends.len() - at)?;
                for right in ends[at + 1..].iter().filter(|right| right.1 < left.1) {
                    let (apart, past) = (right.0 - left.0, left.1 - right.1);
                    found.push(south + (north - south) * (apart / (apart + past)));
                }
            }
        }
        found.retain(|y| *y > south && *y < north);
        found.sort_by(f64::total_cmp);
        found.dedup();
        found.push(north);
        Ok(found)
    }

    fn slab(&mut self, active: &mut [Edge], south: f64, north: f64) -> Result<(), TooComplex> {
        self.spend(active.len() * 2)?;
        let middle = f64::midpoint(south, north);
        active.sort_by(|a, b| a.x(middle).total_cmp(&b.x(middle)));
        let metres = {
            let (east, north) = scale(middle);
            east * north
        };
        let mut row: Vec<Trapezoid> = Vec::new();
        let mut inside: Vec<usize> = Vec::new();
        for pair in active.windows(2) {
            match inside.binary_search(&pair[0].of) {
                Ok(at) => drop(inside.remove(at)),
                Err(at) => inside.insert(at, pair[0].of),
            }
            if inside.is_empty() {
                continue;
            }
            let bottom = (pair[0].x(south), pair[1].x(south));
            let top = (pair[0].x(north), pair[1].x(north));
            let broad = f64::midpoint(bottom.1 - bottom.0, top.1 - top.0);
            let size = broad * (north - south);
            if size < NOTHING {
                continue;
            }
            let class = self.class(&inside);
            let centre = (f64::midpoint(pair[0].x(middle), pair[1].x(middle)), middle);
            let id = self.union.add(class, size * metres, centre);
            // Two edges of one boundary that fall together part nothing.
            if let Some(last) = row.last().filter(|last| {
                last.class == class && last.south.1 >= bottom.0 && last.north.1 >= top.0
            }) {
                self.union.join(last.id, id);
            }
            row.push(Trapezoid { south: bottom, north: top, class, id });
        }
        self.join_below(&row)?;
        self.below = row;
        Ok(())
    }

    /// Joins trapezoids that share part of the cut between two slabs. Both rows go west to east.
    fn join_below(&mut self, row: &[Trapezoid]) -> Result<(), TooComplex> {
        let below = std::mem::take(&mut self.below);
        let mut first = 0;
        for above in row {
            while below.get(first).is_some_and(|b| b.north.1 <= above.south.0) {
                first += 1;
            }
            for under in below[first..].iter().take_while(|b| b.north.0 < above.south.1) {
                self.spend(1)?;
                let shared = under.north.1.min(above.south.1) - under.north.0.max(above.south.0);
                if under.class == above.class && shared > 0.0 {
                    self.union.join(under.id, above.id);
                }
            }
        }
        Ok(())
    }

    fn class(&mut self, inside: &[usize]) -> usize {
        if let Some(class) = self.classes.get(inside) {
            return *class;
        }
        let class = self.classes.len();
        self.classes.insert(inside.to_vec(), class);
        class
    }

    fn pieces(mut self) -> Cover {
        let mut names = vec![Vec::new(); self.classes.len()];
        for (by, class) in self.classes.drain() {
            names[class] = by;
        }
        let mut pieces: HashMap<usize, (Piece, f64)> = HashMap::new();
        for id in 0..self.union.parts.len() {
            let Part { class, area, at, .. } = self.union.parts[id];
            let root = self.union.root(id);
            let found = pieces.entry(root).or_insert_with(|| {
                (Piece { by: names[class].clone(), area: 0.0, at: point(at) }, 0.0)
            });
            found.0.area += area;
            if area > found.1 {
                found.1 = area;
                found.0.at = point(at);
            }
        }
        let mut pieces: Vec<Piece> = pieces.into_values().map(|(piece, _)| piece).collect();
        // The same order on every node and at every run.
        pieces
            .sort_by(|a, b| a.by.cmp(&b.by).then(b.area.total_cmp(&a.area)).then(a.at.cmp(&b.at)));
        Cover { pieces }
    }
}

fn point((x, y): (f64, f64)) -> Point {
    #[expect(clippy::cast_possible_truncation, reason = "between two points, so in range")]
    let (lon, lat) = (x.round() as i32, y.round() as i32);
    Point::from_units(lon, lat).expect("a place between two points is in range")
}

#[derive(Clone, Copy)]
struct Part {
    parent: usize,
    class: usize,
    area: f64,
    at: (f64, f64),
}

/// Disjoint sets of trapezoids.
#[derive(Default)]
struct Union {
    parts: Vec<Part>,
}

impl Union {
    fn add(&mut self, class: usize, area: f64, at: (f64, f64)) -> usize {
        let parent = self.parts.len();
        self.parts.push(Part { parent, class, area, at });
        parent
    }

    fn root(&mut self, mut id: usize) -> usize {
        while self.parts[id].parent != id {
            let above = self.parts[self.parts[id].parent].parent;
            self.parts[id].parent = above;
            id = above;
        }
        id
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parts[b].parent = a;
    }
}

#[cfg(test)]
mod tests;
