//! After the day: some of what was said is erased while the network is bad once more.

use std::time::Duration;

use engine::command::{Agent, Command, What};
use engine::store::Store;
use engine::view;
use governance::act::{Act, Erasing};
use governance::case::Case;
use record::NodeId;

use super::{Broken, Simulator};

/// Of so many cases one is erased.
const ONE_OF: usize = 4;
/// A node that is cut off is away so long.
const AWAY: Duration = Duration::from_secs(2 * 3_600);

impl Simulator {
    /// Erases some of the cases, with one node cut off and another stopped meanwhile; when both are
    /// back, nobody who was given words has any, and whoever erased them knows it.
    pub(super) fn forget_some(&mut self) -> Result<(), Broken> {
        let chosen = self.to_be_erased()?;
        let nodes = self.nodes();
        let of = |at: usize| nodes[(self.seed as usize + at) % nodes.len()];
        let (away, down) = (of(0), of(nodes.len() / 2));
        self.cut_off(away);
        for (home, case) in &chosen {
            self.erase(*home, case)?;
        }
        self.crash(down);
        let later = self.now.plus(AWAY);
        self.run_until(later)?;
        self.restart(down);
        self.rejoin(away);
        let later = self.now.plus(AWAY);
        self.run_until(later)?;
        chosen.iter().try_for_each(|(home, case)| self.check_erased(*home, case))
    }

    fn to_be_erased(&self) -> Result<Vec<(NodeId, Case)>, Broken> {
        let mut ended = Vec::new();
        for node in self.nodes() {
            let cases = self.cases_of(node)?.into_iter();
            let own = cases.filter(|case| case.home == node && case.is_ended());
            ended.extend(own.map(|case| (node, case)));
        }
        Ok(ended.into_iter().step_by(ONE_OF).collect())
    }

    fn erase(&mut self, home: NodeId, case: &Case) -> Result<(), Broken> {
        let staff = &self.places[&home].staff;
        let roles = ["community_dispatcher", "township_dispatcher", "county_dispatcher"];
        let Some(by) = roles.into_iter().find_map(|role| staff.of(role)) else { return Ok(()) };
        let act = Act::Erase { ground: Erasing::Request };
        let what = What::Act { case: Some(case.id), act };
        let command = Command { by: Agent::Staff(by), once: None, what };
        self.command(home, command)
            .map(|_| ())
            .map_err(|refused| self.broken(format!("case {} is not erased: {refused}", case.id)))
    }

    fn check_erased(&self, home: NodeId, case: &Case) -> Result<(), Broken> {
        for (node, place) in &self.places {
            let reader = Store::reader(&place.store);
            let seen = view::case(&reader, case.id).map_err(|e| self.broken(e.to_string()))?;
            let (id, who) = (case.id, node.short());
            if seen.as_ref().is_some_and(|seen| seen.erased.is_none()) {
                return Err(self.broken(format!("{who} has not erased case {id}")));
            }
            let mut frames = place.store.frames().into_iter();
            if frames.any(|frame| frame.subject == id && !frame.sealed.is_empty()) {
                return Err(self.broken(format!("{who} still has words of case {id}")));
            }
            if let Some(seen) = seen.filter(|_| *node == home) {
                let late = view::outstanding(&reader, &seen);
                let late = late.map_err(|error| self.broken(error.to_string()))?;
                if !late.is_empty() {
                    return Err(
                        self.broken(format!("nobody says that case {id} is erased: {late:?}"))
                    );
                }
            }
        }
        Ok(())
    }
}
