# The frame of pages
brand = Wangge
skip = Skip to content
preferences = Display
large-type = Large type
usual-type = Usual type
navigation = Navigation
foot-promise = Your name and telephone number are seen only by those who deal with the matter. No advertising, no tracking.
staff-sign-in = Staff sign in
sign-in = Sign in
sign-in-again = Check both and try again.
sign-in-help = Forgot the password? The operator of this node can set a new one.
account = Account
password = Password
sign-out = Sign out
to-start = To my start page
to-front = To the front page
what-next = What to do:
retry-after = Try again in { $seconds } seconds.
nav-desk = Cases
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
