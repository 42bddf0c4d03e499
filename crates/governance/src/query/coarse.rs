//! Small counts in answers (S9). Where a place's policy says so, its nodes answer in steps of `k`:
//! every number in the answer is a multiple of `k`, what is left over of the groups is counted
//! together under [`Group::Other`], and durations are told by the middle one of each `k`. So no
//! answer tells of fewer than `k` cases, and neither does the difference of any two answers,
//! whatever their ranges and groups: two multiples never differ by 1 to `k` − 1. Suppressing small
//! cells and their complements would keep the first promise but not the second, since a question's
//! range is free. At most `k` − 1 cases of a node are left out of its answer in all.

use super::{Cell, Group, Grouping, Histogram, Matter, Measure, Tally};

impl Tally {
    /// The same in steps of `k`; unchanged for a step of 0 or 1.
    #[must_use]
    pub fn in_steps(&self, matter: &Matter, k: u8) -> Self {
        let k = u64::from(k);
        if k <= 1 {
            return self.clone();
        }
        let together = !matches!(matter.grouping, Grouping::None | Grouping::Child);
        let (mut coarse, mut rest) = (Self::default(), Cell::default());
        for (group, cell) in self.iter() {
            let (kept, left) = cell.split(matter, k);
            if *group == Group::Other {
                rest.merge(cell);
            } else {
                rest.merge(&left);
                coarse.put(group.clone(), kept);
            }
        }
        if together {
            coarse.put(Group::Other, rest.split(matter, k).0);
        }
        coarse
    }

    /// Whether every number is a multiple of `k`.
    pub(super) fn is_in_steps(&self, k: u8) -> bool {
        let k = u64::from(k).max(1);
        self.iter().all(|(_, cell)| {
            let Cell { count, yes, sum, times } = cell;
            [count, yes, sum].iter().all(|number| **number % k == 0)
                && times.buckets().all(|(_, count)| count % k == 0)
        })
    }

    fn put(&mut self, group: Group, cell: Cell) {
        if cell.count > 0 {
            self.cell(group).merge(&cell);
        }
    }
}

impl Cell {
    /// The part of it that is a multiple of `k` in every number, and what is left.
    fn split(&self, matter: &Matter, k: u64) -> (Self, Self) {
        let floor = |number: u64| number / k * k;
        let count = floor(self.count);
        let (yes, sum) = match matter.metric.measure() {
            Measure::Count | Measure::Times => (0, 0),
            Measure::Share => (floor(self.yes).min(count), 0),
            Measure::Events => {
                let yes = floor(self.yes).min(count);
                (yes, if yes == 0 { 0 } else { floor(self.sum).max(yes) })
            }
            // An average of 1 to 5 stays one.
            Measure::Points => {
                let share =
                    u128::from(self.sum) * u128::from(count) / u128::from(self.count.max(1));
                let share = u64::try_from(share).unwrap_or(u64::MAX);
                (0, floor(share).clamp(count, count.saturating_mul(5)))
            }
        };
        let (times, left_times) = self.times.in_blocks(k);
        let left = Self {
            count: self.count - count,
            yes: self.yes.saturating_sub(yes).min(self.count - count),
            sum: self.sum.saturating_sub(sum),
            times: left_times,
        };
        (Self { count, yes, sum, times }, left.fitting(matter))
    }

    /// What is left over, made such as could have been counted.
    fn fitting(mut self, matter: &Matter) -> Self {
        match matter.metric.measure() {
            Measure::Count | Measure::Times | Measure::Share => self.sum = 0,
            Measure::Events if self.yes == 0 => self.sum = 0,
            Measure::Events => self.sum = self.sum.max(self.yes),
            Measure::Points => self.sum = self.sum.clamp(self.count, self.count.saturating_mul(5)),
        }
        self
    }
}

impl Histogram {
    /// In their order, every `k` durations as `k` times the middle one of them; and those left.
    fn in_blocks(&self, k: u64) -> (Self, Self) {
        let (mut blocks, mut block) = (Self::default(), Vec::<(u16, u64)>::new());
        let mut filled = 0;
        for (bucket, count) in self.buckets() {
            let mut count = count;
            while count > 0 {
                let part = count.min(k - filled);
                block.push((bucket, part));
                (filled, count) = (filled + part, count - part);
                if filled == k {
                    blocks.add(middle(&block, k), k);
                    block.clear();
                    filled = 0;
                    // Whole blocks of one bucket at once.
                    let whole = count / k * k;
                    blocks.add(bucket, whole);
                    count -= whole;
                }
            }
        }
        let mut left = Self::default();
        block.into_iter().for_each(|(bucket, count)| left.add(bucket, count));
        (blocks, left)
    }
}

/// The bucket of the middle one of `k` durations in order.
fn middle(block: &[(u16, u64)], k: u64) -> u16 {
    let mut passed = 0;
    let found = block.iter().find(|(_, count)| {
        passed += count;
        passed > k / 2
    });
    found.map_or(0, |(bucket, _)| *bucket)
}

#[cfg(test)]
mod tests;
