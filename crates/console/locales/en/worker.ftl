# The grid worker
todo-none = Nothing to do just now.
todo-report = Report something
todo-given = Assigned to me
todo-around = Open in my grid
file-title = Report
file-filed = Reported.
file-contact = Who told you
file-settled = I have settled it already
file-send = Send
file-unsettled = It is reported, but settling it on the spot was not recorded: { $why }
file-see = See the case
file-settle-now = Record it as settled
grid-none = You have no grid of your own. Once the operator appoints you to one, its map, people and duty book are here.
grid-households = { $n ->
    [one] 1 household
   *[other] { $n } households
 }
grid-open = Open cases
grid-people = People
grid-parts = Buildings
grid-book = Duty book
grid-no-book = No lists were written yet.
grid-management = Management
grid-service = Service
grid-catalogue = Duties
call = Call
note-text = What did you see and hear today?
note-write = Write it down
note-none = No notes yet. Write one after your round.
note-case = It has become a case
note-raise = Make a case of it
outbox-waiting = waiting for a signal; will be sent automatically
outbox-sending = Sending…
outbox-sent = All have arrived.
outbox-kept = Kept on this phone; it is sent automatically when there is a signal.
outbox-login = Your session has ended: sign in and they are sent automatically.
outbox-drop = Drop it
outbox-again = Try again
note-erase = Erase this note
note-erase-goes = The words of the note. They can't be brought back.
note-erase-stays = That somebody wrote one, on which day and for which grid. A case that came of it has words of its own, to be erased on its page.
note-erase-outstanding = Notes lie on this node alone and were given to nobody, so nobody has to acknowledge. Earlier backups can't show it after the next one.
note-erase-word = erase
note-erase-type = To confirm, type: { $word }
note-erase-now = Erase for good
note-erase-other = The word was not typed: nothing was erased.
note-erased = The note is erased.
