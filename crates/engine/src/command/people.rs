//! What is asked about people: appointments on paper, growth files, registrations of serving
//! members, and the notebook. Nothing of it leaves the node.

use governance::act::Report;
use governance::diary::Draft;
use governance::growth::Growth;
use governance::member::{Member, Willingness};
use governance::roster::{Agreement, Appointment};
use record::Subject;

/// What is asked about people.
#[derive(Clone)]
pub enum People {
    /// Appoints a person to a role under an agreement (R4).
    AppointUnder {
        /// The person.
        person: Subject,
        /// The appointment.
        appointment: Appointment,
        /// The agreement.
        agreement: Agreement,
    },
    /// Enters something into a person's growth file (R4).
    EnterGrowth {
        /// The person.
        person: Subject,
        /// The entry.
        entry: Growth,
    },
    /// Registers a serving Party member where they live (R5): by themselves, or by staff who take
    /// down their card. Either way the receipt has a code with which they can change it.
    RegisterMember {
        /// What they said.
        willingness: Willingness,
        /// Who they are.
        member: Member,
        /// Whether they consent to being listed.
        consent: bool,
    },
    /// A registered member takes a post in a project.
    TakePost {
        /// The registration; by its code where absent.
        registration: Option<Subject>,
        /// The project and the post in words.
        name: String,
    },
    /// A registered member leaves a post.
    LeavePost {
        /// The registration; by its code where absent.
        registration: Option<Subject>,
        /// The post.
        post: Subject,
    },
    /// Withdraws a registration.
    WithdrawMember {
        /// The registration; by its code where absent.
        registration: Option<Subject>,
    },
    /// Erases what is said of a person who holds no post any more: names, telephone numbers, growth
    /// file. Which posts they held, and who signed what under their id, stays.
    ErasePerson {
        /// The person.
        person: Subject,
    },
    /// Erases the words of one's own note; or, with power over the roster, of anybody's.
    EraseNote {
        /// The note.
        note: Subject,
    },
    /// Writes a note into one's notebook (C13).
    Note(Draft),
    /// Makes a case of one's note. A note becomes one case, however often that is asked.
    Raise {
        /// The note.
        note: Subject,
        /// The report; of the note's place where it names none.
        report: Box<Report>,
    },
}
