//! Carrying out a command: who is it, may they, what does it say, sign it, share it.

mod entrance;
mod factors;
mod forget;
mod ground;
mod hands;
mod intake;
mod memory;
mod notebook;
mod offices;
mod people;
mod photos;
mod policies;
mod proposals;
mod reading;
mod retention;
mod trust;
mod withdraw;

pub use factors::Enrolment;
pub use hands::NewKey;
pub(crate) use offices::operator;

use std::sync::Arc;

use governance::act::{Act, Origin};
use governance::authorize;
use governance::case::{Case, CaseId};
use governance::field;
use governance::hand::Hand;
use governance::policy::{Policy, Power};
use governance::release::Withhold;
use governance::roster::{Actor, Standing};
use rand::CryptoRng;
use record::{Hash, NodeId, Subject, Timestamp};

use crate::code;
use crate::command::{Agent, Command, Once, Receipt, Refused, Version, What};
use crate::engine::{Effect, Talk};
use crate::note::Note;
use crate::open::{self, Around};
use crate::preview::Preview;
use crate::share::{self, Turn};
use crate::sign::{self, Draft};
use crate::staging::Staging;
use crate::store::StoreError;
use crate::world::{Setup, World};
use withdraw::Withdrawing;

/// What a command may use while it is carried out.
pub(crate) struct Desk<'a, 's> {
    pub(crate) setup: &'a Setup,
    pub(crate) world: &'a mut Arc<World>,
    pub(crate) staging: &'a mut Staging<'s>,
    pub(crate) rng: &'a mut dyn CryptoRng,
    pub(crate) now: Timestamp,
    /// What it knows of its connections.
    pub(crate) talk: &'a mut Talk,
    /// What is to be done after the commit.
    pub(crate) out: &'a mut Vec<Effect>,
}

/// An act; where a report came from that another system had first; what others are not given.
struct Saying<'a> {
    act: &'a Act,
    origin: Option<&'a Origin>,
    withhold: Withhold,
    /// By whose hand, where that is said.
    hand: Option<Hand>,
}

impl<'a> Saying<'a> {
    fn of(act: &'a Act) -> Self {
        Self { act, origin: None, withhold: Withhold::default(), hand: None }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Storage(Arc::new(error))
    }
}

impl Desk<'_, '_> {
    /// Carries out a command, or gives the receipt of the same command carried out before.
    pub(crate) fn carry_out(&mut self, command: Command) -> Result<Receipt, Refused> {
        if let Some(once) = &command.once
            && let Some(receipt) = self.done_before(once)?
        {
            return Ok(receipt);
        }
        let Command { by, once, what } = command;
        match what {
            What::Act { case: None, act } => self.open(&by, &act, once),
            What::Act { case: Some(case), act } => self.act(&by, case, &act, None, once),
            What::ActIf { case, act, expected } => self.act(&by, case, &act, Some(&expected), once),
            What::Narrowed { case, act, expected, withhold } => {
                let saying = Saying { withhold, ..Saying::of(&act) };
                self.say(&by, case, saying, expected.as_deref(), once)
            }
            What::WithdrawFields { case, fields, from } => {
                let what = Withdrawing { case, fields: &fields, from: &from };
                self.withdraw_fields(&by, &what, once)
            }
            What::Read(reading) => self.put_on_record(&by, reading),
            What::PutPolicy { text, publish } => self.put_policy(&by, &text, publish, once),
            What::AdoptPolicy { reference } => self.adopt_policy(&by, &reference, once),
            What::KeepPhoto { hash, size } => self.keep_photo(&by, hash, size),
            What::Import { origin, report } => self.import(&by, &origin, report, once),
            What::Establish(places) => self.establish(&by, places, once),
            What::EndPlace(place) => self.end_place(&by, place, once),
            What::Register { person, name, phone } => {
                self.register(&by, person, &name, phone.as_deref(), once)
            }
            What::Appoint { person, appointment } => {
                self.appoint(&by, person, appointment, None, once)
            }
            What::Dismiss { person, role } => self.dismiss(&by, person, &role, once),
            What::Ground(ground) => self.ground(&by, *ground, once),
            What::People(people) => self.people(&by, *people, once),
            What::PutAccount(account) => self.put_account(&by, account, once),
            What::EnableAccount { name, person, enabled } => {
                self.enable_account(&by, &name, person, enabled, once)
            }
            What::ChangePassword { name, password, keep } => {
                self.change_password(&by, &name, password, keep, once)
            }
            What::SignIn { hash, token, code } => {
                self.sign_in(&by, hash, token, code.as_deref(), once)
            }
            What::EnrolFactor(enrolment) => self.enrol_factor(&by, &enrolment, once),
            What::ResetFactor { name } => self.reset_factor(&by, &name),
            What::InPerson { case: None, act, hand, .. } => {
                self.open_by(&by, &act, Some(hand), once)
            }
            What::InPerson { case: Some(case), act, expected, withhold, hand } => {
                let saying = Saying { act: &act, origin: None, withhold, hand: Some(hand) };
                self.say(&by, case, saying, expected.as_deref(), once)
            }
            What::EnrolKey(new) => self.enrol_key(&by, &new, once),
            What::RevokeKey { key } => self.revoke_key(&by, key, once),
            What::KeepViews { account, views } => self.keep_views(&by, account, views, once),
            What::Confirm { proposal } => self.confirm(&by, proposal, once),
            What::EndProposal { proposal } => self.end_proposal(&by, proposal, once),
            What::PutToken { hash, token: Some(token) } => self.begin_token(&by, hash, token, once),
            What::PutToken { hash, token: None } => self.end_token(&by, hash, once),
            What::PutInvitation { hash, invitation: Some(invitation) } => {
                self.invite(&by, hash, invitation, once)
            }
            What::PutInvitation { hash, invitation: None } => self.uninvite(&by, hash, once),
            What::Approve { hash, node } => self.approve(&by, hash, node, once),
            What::Revoke { node, reason, last_good } => {
                self.revoke(&by, node, reason, last_good, once)
            }
            What::OpenEpoch { reason, least } => self.open_epoch(&by, &reason, least, once),
            What::Challenge { node, index } => self.challenge(&by, node, index, once),
            What::AcceptEpoch { node, epoch } => self.accept_epoch(&by, node, epoch, once),
            What::Rotate { key } => self.rotate(&by, key, once),
            What::TakeCertificates { chain, addresses } => {
                self.install_certificates(&by, chain, addresses, once)
            }
            What::TakeList { list, chain } => self.install_list(&by, &list, chain, once),
            What::PutPeer { chain, addresses } => {
                self.power(&by, Power::Federation, "federation")?;
                let chain = chain.into_iter().map(Into::into).collect();
                self.put_peer(chain, addresses)?;
                self.remember(once, &Receipt::empty())?;
                Ok(Receipt::empty())
            }
        }
    }

    /// Who somebody is to this node, now.
    fn actor(&self, by: &Agent) -> Result<Actor, Refused> {
        match by {
            Agent::Staff(person) => {
                self.world.roster.actor(*person, self.now).ok_or(Refused::NoStanding)
            }
            Agent::Resident { code } => {
                let id = code.as_deref().and_then(code::reporter);
                let id = id.ok_or(Refused::NotFound("case"))?;
                Ok(Actor { id, standing: Standing::Resident })
            }
            Agent::Console => Err(Refused::NoStanding),
        }
    }

    fn open(&mut self, by: &Agent, act: &Act, once: Option<Once>) -> Result<Receipt, Refused> {
        self.open_by(by, act, None, once)
    }

    fn open_by(
        &mut self,
        by: &Agent,
        act: &Act,
        hand: Option<Hand>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let code = matches!(by, Agent::Resident { .. }).then(|| code::new(self.rng));
        let actor = match &code {
            Some(code) => {
                let id = code::reporter(code).expect("a new code is well formed");
                Actor { id, standing: Standing::Resident }
            }
            None => self.actor(by)?,
        };
        let (epoch, seq) = self.staging.log.next();
        let case = code::case_id(self.setup.me(), epoch, seq);
        self.sign_act(None, case, Saying { hand, ..Saying::of(act) }, &actor, once, code)
    }

    fn act(
        &mut self,
        by: &Agent,
        id: CaseId,
        act: &Act,
        expected: Option<&[Version]>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        self.say(by, id, Saying::of(act), expected, once)
    }

    fn say(
        &mut self,
        by: &Agent,
        id: CaseId,
        saying: Saying<'_>,
        expected: Option<&[Version]>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.actor(by)?;
        let case = self.staging.case(id)?.ok_or(Refused::NotFound("case"))?;
        // A resident sees no case but the one they reported, not even that it exists.
        if actor.standing == Standing::Resident && case.reporter != Some(actor.id) {
            return Err(Refused::NotFound("case"));
        }
        let is = Version::of(&case);
        if expected.is_some_and(|expected| !expected.contains(&is)) {
            return Err(Refused::Stale { is });
        }
        if !saying.withhold.is_empty() {
            // Whoever keeps back what nobody would be given is told so before anything is signed.
            let (world, withhold) = (self.world.clone(), &saying.withhold);
            let (setup, now) = (self.setup, self.now);
            let preview = Preview { setup, world: &world, actor: &actor, withhold, now };
            preview.of(self.staging, &case, saying.act)?;
        }
        self.sign_act(Some(case), id, saying, &actor, once, None)
    }

    /// An act of the node itself, where policy allows one.
    pub(crate) fn act_alone(&mut self, id: CaseId, act: &Act) -> Result<Receipt, Refused> {
        let actor = Actor { id: Subject::ZERO, standing: Standing::Node };
        let case = self.staging.case(id)?.ok_or(Refused::NotFound("case"))?;
        self.sign_act(Some(case), id, Saying::of(act), &actor, None, None)
    }

    fn sign_act(
        &mut self,
        before: Option<Arc<Case>>,
        id: CaseId,
        Saying { act, origin, withhold, hand }: Saying<'_>,
        actor: &Actor,
        once: Option<Once>,
        code: Option<String>,
    ) -> Result<Receipt, Refused> {
        self.check_photos(id, act.photos())?;
        let world = self.world.clone();
        let (units, children) = (world.directory.units(), world.directory.children());
        let into = if let Act::Merge { into } = act { Some(*into) } else { None };
        let other = into.map(|into| self.staging.case(into)).transpose()?.flatten();
        let (permit, mut fields) = {
            let policy = rules_of(&world, before.as_deref(), self.setup.me())?;
            let around = Around { units: &units, children: &children, other: other.as_deref() };
            let scene = open::scene(self.setup, &world, policy, around, self.now);
            let permit = authorize::authorize(&scene, before.as_deref(), act, actor)?;
            let ordinal = self.ordinal();
            let mut fields = authorize::decide(&scene, before.as_deref(), act, actor, ordinal);
            fields.extend(origin.into_iter().flat_map(Origin::fields));
            (permit, fields)
        };
        let signer = permit.signer(actor);
        let role = signer.as_ref().map(|signer| signer.role.as_str());
        fields.extend(self.by_hand(hand.as_ref(), before.as_deref(), id, act, actor, role)?);
        let number = number(&fields);
        let receipt = Receipt { subject: Some(id), number, code, ..Receipt::empty() };
        let draft = Draft {
            subject: id,
            kind: act.kind().kind(),
            causes: before.iter().filter_map(|case| case.steps.last()).map(|s| s.record).collect(),
            actor: signer,
            fields,
            note: once.map(|once| self.done(once, &receipt)),
        };
        let (record, _, done) = sign::append(self.setup, self.staging, draft, self.now, self.rng)?;
        let case = done.case.ok_or(Refused::NotFound("case"))?;
        self.note_gone(done.gone)?;
        self.after(before.as_deref(), &case, self.setup.me(), &withhold)?;
        Ok(Receipt { record: Some(record.id()), ..receipt })
    }

    /// By what a case that begins now is numbered for people: its place among this node's records.
    /// In a later epoch far above the numbers that were lost.
    fn ordinal(&self) -> u64 {
        const EPOCH: u64 = 1_000_000;
        let epoch = self.staging.log.head.map_or(0, |head| head.epoch);
        self.staging.log.frontier.size() + 1 + u64::from(epoch) * EPOCH
    }

    /// Says of photos that they were erased from a case.
    pub(crate) fn note_gone(&mut self, photos: Vec<Hash>) -> Result<(), Refused> {
        if !photos.is_empty() {
            sign::note(self.setup, self.staging, &Note::Gone { photos })?;
        }
        Ok(())
    }

    /// What follows from a case's change, own or foreign: others are told, less what is withheld.
    pub(crate) fn after(
        &mut self,
        before: Option<&Case>,
        case: &Case,
        sender: NodeId,
        withhold: &Withhold,
    ) -> Result<(), Refused> {
        let world = self.world.clone();
        let turn = Turn { before, case, sender, foreseen: None, withhold, now: self.now };
        let told = share::share(self.setup, &world, self.staging, &turn)?;
        for node in told {
            self.poke(node);
        }
        self.out.push(Effect::Changed(case.id));
        Ok(())
    }

    pub(crate) fn power(
        &self,
        by: &Agent,
        power: Power,
        name: &'static str,
    ) -> Result<Option<Actor>, Refused> {
        if *by == Agent::Console {
            return Ok(None);
        }
        let actor = self.actor(by)?;
        if actor.has_power(self.world.policy(), power) {
            Ok(Some(actor))
        } else {
            Err(Refused::Power(name))
        }
    }

    /// Who does it, if they have the power on the ground of every one of these places.
    fn power_over(
        &self,
        by: &Agent,
        power: Power,
        name: &'static str,
        places: &[Subject],
    ) -> Result<Option<Actor>, Refused> {
        let Some(actor) = self.power(by, power, name)? else { return Ok(None) };
        let (policy, ground) = (self.world.policy(), &self.world.territory);
        let over = |place| actor.has_power_over(policy, power, ground, Some(place), None, self.now);
        let everywhere = places.iter().all(|place| over(*place));
        if everywhere { Ok(Some(actor)) } else { Err(Refused::Power(name)) }
    }

    /// Changes what the node keeps in memory of the index.
    pub(crate) fn change_world(&mut self, change: impl FnOnce(&mut World)) {
        change(Arc::make_mut(self.world));
    }
}

/// By what a case is dealt with here: the version it began with; a new one by the one in force.
fn rules_of<'a>(
    world: &'a World,
    case: Option<&'a Case>,
    me: NodeId,
) -> Result<&'a Policy, Refused> {
    let Some(case) = case else { return Ok(world.policy()) };
    world.policies.of(case, me).map_err(|reference| {
        authorize::Refusal::PolicyUnknown { reference: reference.to_owned() }.into()
    })
}

impl Receipt {
    /// Nothing to tell.
    #[must_use]
    pub fn empty() -> Self {
        Self { record: None, subject: None, number: None, code: None, made: None, pending: false }
    }
}

fn number(fields: &governance::act::FieldValues) -> Option<String> {
    let bytes = fields.get(&field::NUMBER)?;
    record::cbor::decode(bytes, &record::fields::VALUE_LIMITS).ok()
}
