//! What a new place, a new version or an end must satisfy.

use record::{Subject, Timestamp};

use super::{Level, MAX_KEY, MAX_NAME, Place, Territory};
use crate::area::AreaCode;

/// Why a place cannot be added, changed or ended.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TerritoryError {
    /// Name empty, too long, or with control characters.
    #[error("place name must have 1 to {MAX_NAME} characters and no control characters")]
    Name,
    /// The policy does not have the level.
    #[error("place has level {0:?}, which the policy does not list")]
    UnknownLevel(String),
    /// Ends before it begins.
    #[error("place ends at {until}, not after it begins at {from}")]
    EmptyPeriod {
        /// Beginning.
        from: Timestamp,
        /// End.
        until: Timestamp,
    },
    /// Only an administrative area may be at the top.
    #[error("place of level {0:?} needs a parent; only an administrative area can do without")]
    NoParent(String),
    /// The parent is not there when the place begins.
    #[error("parent {parent} does not exist at {at}")]
    UnknownParent {
        /// The parent named.
        parent: Subject,
        /// When it would have to exist.
        at: Timestamp,
    },
    /// The parent ends before the place does.
    #[error("parent {parent} ends at {ends}, before the place does")]
    ParentEnds {
        /// The parent named.
        parent: Subject,
        /// When it ends.
        ends: Timestamp,
    },
    /// The parent is not at a higher level.
    #[error("a place of level {child:?} cannot lie in one of level {parent:?}")]
    LevelOrder {
        /// The parent's level.
        parent: String,
        /// The place's level.
        child: String,
    },
    /// The code is not an extension of the nearest code above.
    #[error("code {code} is not within {within}, the code of the area above it")]
    CodeOutside {
        /// The place's code.
        code: AreaCode,
        /// The nearest code above it.
        within: AreaCode,
    },
    /// An administrative area without a code.
    #[error("place of level {0:?} is an administrative area and needs its official code")]
    CodeMissing(String),
    /// Another place has the code at that time.
    #[error("code {code} already belongs to place {holder}")]
    CodeTaken {
        /// The code.
        code: AreaCode,
        /// Who has it.
        holder: Subject,
    },
    /// A further version would begin before the last one, or before now.
    #[error(
        "a change from {from} would rewrite history; changes of this place may begin at {earliest}"
    )]
    RewritesHistory {
        /// When the version would begin.
        from: Timestamp,
        /// The earliest it may.
        earliest: Timestamp,
    },
    /// A version has another level than the one before.
    #[error("place {0} keeps its level; end it and found another")]
    LevelChanged(Subject),
    /// No such place.
    #[error("place {0} is unknown")]
    Unknown(Subject),
    /// It has an end already.
    #[error("place {id} already ended at {at}")]
    Ended {
        /// The place.
        id: Subject,
        /// Its end.
        at: Timestamp,
    },
    /// Places still lie in it.
    #[error("place {id} still has {count} places under it; move or end them first")]
    NotEmpty {
        /// The place.
        id: Subject,
        /// How many lie in it at or after the end.
        count: usize,
    },
}

impl Territory {
    /// Whether the place, or the further version of one, may be added at time `now`.
    ///
    /// A new place may begin in the past (it may have existed before it was entered); a further
    /// version may not, since questions about that past have been answered.
    ///
    /// # Errors
    /// See [`TerritoryError`].
    pub fn check(
        &self,
        place: &Place,
        levels: &[Level],
        now: Timestamp,
    ) -> Result<(), TerritoryError> {
        check_name(&place.name)?;
        check_period(place)?;
        let depth = depth_of(&place.level, levels)?;
        if self.latest(place.id).is_some_and(|last| last != place) && place.valid_from < now {
            return Err(rewrites(place, now));
        }
        self.check_succession(place)?;
        self.check_parent(place, depth, levels)?;
        self.check_code(place, &levels[depth])
    }

    /// Whether the place may be ended at `at`.
    ///
    /// # Errors
    /// When it is unknown, ended otherwise, began later, or still has places under it.
    pub fn check_end(&self, id: Subject, at: Timestamp) -> Result<(), TerritoryError> {
        let last = self.latest(id).ok_or(TerritoryError::Unknown(id))?;
        match last.valid_until {
            Some(until) if until == at => return Ok(()),
            Some(until) => return Err(TerritoryError::Ended { id, at: until }),
            None => {}
        }
        if at <= last.valid_from {
            return Err(TerritoryError::EmptyPeriod { from: last.valid_from, until: at });
        }
        match self.outlasting_children(id, at) {
            0 => Ok(()),
            count => Err(TerritoryError::NotEmpty { id, count }),
        }
    }

    /// What [`Self::insert`] relies on: versions follow each other and keep their level.
    pub(super) fn check_succession(&self, place: &Place) -> Result<(), TerritoryError> {
        let Some(last) = self.latest(place.id) else { return Ok(()) };
        if last == place {
            return Ok(());
        }
        if last.level != place.level {
            return Err(TerritoryError::LevelChanged(place.id));
        }
        let earliest = Timestamp::from_millis(last.valid_from.millis().saturating_add(1));
        if place.valid_from < earliest { Err(rewrites(place, earliest)) } else { Ok(()) }
    }

    fn check_parent(
        &self,
        place: &Place,
        depth: usize,
        levels: &[Level],
    ) -> Result<(), TerritoryError> {
        let Some(parent) = place.parent else {
            let top = levels[depth].administrative;
            return if top { Ok(()) } else { Err(TerritoryError::NoParent(place.level.clone())) };
        };
        let at = place.valid_from;
        let above = self.get(parent, at).ok_or(TerritoryError::UnknownParent { parent, at })?;
        if depth_of(&above.level, levels)? >= depth {
            let (parent, child) = (above.level.clone(), place.level.clone());
            return Err(TerritoryError::LevelOrder { parent, child });
        }
        match self.latest(parent).and_then(|last| last.valid_until) {
            Some(ends) if place.outlasts(ends) => Err(TerritoryError::ParentEnds { parent, ends }),
            Some(_) | None => Ok(()),
        }
    }

    fn check_code(&self, place: &Place, level: &Level) -> Result<(), TerritoryError> {
        let Some(code) = &place.code else {
            let needed = level.administrative;
            return if needed {
                Err(TerritoryError::CodeMissing(place.level.clone()))
            } else {
                Ok(())
            };
        };
        let above = place.parent.and_then(|parent| self.code_of(parent, place.valid_from));
        if let Some(within) = above.filter(|within| !code.is_within(within)) {
            let (code, within) = (code.clone(), within.clone());
            return Err(TerritoryError::CodeOutside { code, within });
        }
        let holder = self
            .of_level(&place.level, place.valid_from)
            .find(|other| other.id != place.id && other.code.as_ref() == Some(code));
        holder.map_or(Ok(()), |other| {
            Err(TerritoryError::CodeTaken { code: code.clone(), holder: other.id })
        })
    }

    fn outlasting_children(&self, id: Subject, at: Timestamp) -> usize {
        let ids = self.under.get(&id).into_iter().flatten();
        let stays = |child: &&Subject| {
            self.history(**child).iter().any(|v| v.parent == Some(id) && v.outlasts(at))
        };
        ids.filter(stays).count()
    }
}

fn check_name(name: &str) -> Result<(), TerritoryError> {
    let fits = (1..=MAX_NAME).contains(&name.chars().count());
    let plain = !name.chars().any(char::is_control) && !name.trim().is_empty();
    if fits && plain { Ok(()) } else { Err(TerritoryError::Name) }
}

fn check_period(place: &Place) -> Result<(), TerritoryError> {
    match place.valid_until {
        Some(until) if until <= place.valid_from => {
            Err(TerritoryError::EmptyPeriod { from: place.valid_from, until })
        }
        Some(_) | None => Ok(()),
    }
}

fn depth_of(level: &str, levels: &[Level]) -> Result<usize, TerritoryError> {
    let shown = || level.chars().take(MAX_KEY).collect();
    let found = levels.iter().position(|l| l.key == level);
    found.ok_or_else(|| TerritoryError::UnknownLevel(shown()))
}

fn rewrites(place: &Place, earliest: Timestamp) -> TerritoryError {
    TerritoryError::RewritesHistory { from: place.valid_from, earliest }
}
