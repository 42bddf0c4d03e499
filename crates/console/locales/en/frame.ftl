# The frame of pages
brand = Wangge
skip = Skip to content
unsent = There is no signal: nothing was sent. What you wrote is still here; press again when there is one.
preferences = Display
large-type = Large type
usual-type = Usual type
navigation = Navigation
foot-promise = Your name and telephone number are seen only by those who deal with the matter. No advertising, no tracking.
staff-sign-in = Staff sign in
sign-in = Sign in
sign-in-again = Check both and try again.
sign-in-code = Code
sign-in-code-asked = Type the password once more, and the code of your authenticator app.
sign-in-code-help = the six digits of your authenticator app, or a recovery code
own-title = My account
own-tokens = Programs' tokens
own-tokens-what = With a token a program acts in your name: end those that are not used any more.
own-tokens-none = There is no live token.
own-token-end = End it
own-password = Change the password
own-password-ends = You are signed out everywhere else.
own-password-ends-tokens = { $n ->
    [one] A program’s token ends with it and has to be made anew.
   *[other] { $n } programs’ tokens end with it and have to be made anew.
 }
own-password-ends-operator = The machine's own operator.token is among them: commands that use it, such as wangge approve and wangge import, stop working until there is another.
own-current = Password now
own-new = New password
own-change = Change it
own-changed = The password was changed.
own-ended-sessions = Signed out elsewhere: { $n }.
own-ended-no-tokens = No program's token ended.
own-ended-tokens = Programs' tokens that ended: { $labels }.
own-tokens-next = Programs that go on need another, from POST /v1/tokens.
own-operator-next = The machine's own operator.token ended, too. Stop the node and run this on the machine, which makes another:
keys-title = My keys
keys-what = Keep a key of your own on this device: what you do on cases is then signed by you, and by the node as well. The key never leaves this device, and nobody else can use it, not even the node's operator.
keys-own = My keys
keys-none = No key yet: what you do is signed by the node alone.
keys-this = this device
keys-since = since { $when }
keys-revoked = revoked { $when }
keys-revoke = Revoke
keys-here = This device has a key: what you do on cases here is signed by you.
keys-unable = This device or browser can't make a key (it takes HTTPS and a recent browser). Everything still works; the record says that the node alone has signed.
keys-new = Enrol one on this device
keys-new-what = Revoke it here when the device is lost or changes hands; what it has signed stays good.
keys-label = A name for this device
keys-label-such = such as: office computer
keys-enrol = Make and enrol it
factor-title = Second factor
factor-needed = Your role has to set up a second factor before anything else.
factor-what = Besides the password you will type the six digits that an authenticator app shows, others every 30 seconds. Any such app will do.
factor-on = second factor set up
factor-off = no second factor
factor-since = since { $when }
factor-left = { $n ->
    [one] 1 recovery code left
   *[other] { $n } recovery codes left
 }
factor-set-up = Set it up
factor-replace = Another authenticator
factor-scan = Scan this with the app:
factor-type = Can't scan? Type the key
factor-type-account = Account { $account }, by time, six digits:
factor-current = The code as it is now, or a recovery code
factor-code = The six digits of the new authenticator
factor-password = Your password
factor-now = Set it up, and sign out everywhere else
factor-done = The second factor is set up
factor-once = Shown only this once.
factor-recovery = When the phone is lost, each recovery code signs you in once in place of the digits. Write them down or print them, and not on the same phone.
factor-go-on = I have them: go on
sign-in-help = Forgot the password? The operator of this node can set a new one.
account = Account
password = Password
sign-out = Sign out
to-start = To my start page
to-front = To the front page
what-next = What to do:
retry-after = Try again in { $seconds } seconds.
nav-desk = Cases
node-unknown = another unit ({ $short }…)
tab-work = To do
tab-report = Report
tab-grid = My grid
tab-notes = Notebook
today = today
yesterday = yesterday
tomorrow = tomorrow
just-now = just now
ago = { $n } { $unit ->
    [minute] { $n ->
        [one] minute
       *[other] minutes
     }
    [hour] { $n ->
        [one] hour
       *[other] hours
     }
   *[day] { $n ->
        [one] day
       *[other] days
     }
 } ago
in = in { $n } { $unit ->
    [minute] { $n ->
        [one] minute
       *[other] minutes
     }
    [hour] { $n ->
        [one] hour
       *[other] hours
     }
   *[day] { $n ->
        [one] day
       *[other] days
     }
 }
