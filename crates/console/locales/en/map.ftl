# The map
nav-map = Map
map-heading = Map
map-drawing = Grids, open cases and stations; the list beside or below says the same
map-key = Key
map-empty = There are no grids yet. The operator imports them.
map-none-here = A member unit has no grids of its own. The cases that it is called to are listed under “Cases”.
map-no-outlines = The grids have no boundaries yet, so there is no drawing; here is the list.
map-more = There are too many open cases; only the latest 1000 are drawn.
map-areas = Grids and open cases
map-says = { $n } open, { $overdue } overdue
due-overdue = overdue
due-soon = due within 24 hours
due-running = in time
due-none = nothing open
map-gap = a gap: no station near, or no Party organisation
map-station = Station (green: open now)
map-unsurveyed = Has no boundary and is not drawn.
map-far = Further from a station than a walk
map-without-party = No Party organisation yet
map-quiet = No open cases.
map-list = List of cases
map-open = Open
map-in = Zoom in
map-out = Zoom out
map-elsewhere = { $n ->
    [one] 1 open case lies in no grid
   *[other] { $n } open cases lie in no grid
 }
map-stations = Stations
map-no-stations = No stations are registered yet.
station-open = open now
station-shut = closed now
station-until = until { $time }
station-from = opens { $time }
station-uncertain = the holidays of { $year } are not announced: ask there
hours-shut = closed
hours-daily = Every day
hours-days = { $from } to { $to }
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
map-gaps = Gaps
map-far-none = Every grid has a station within { $m } m
map-far-some = { $n ->
    [one] 1 grid is further than { $m } m from a station:
   *[other] { $n } grids are further than { $m } m from a station:
 }
map-party-all = All { $n } grids have a Party organisation
map-party-some = { $covered } of { $all } grids have a Party organisation; without:
map-unsurveyed-some = { $n ->
    [one] 1 grid has no boundary, so nobody can say:
   *[other] { $n } grids have no boundary, so nobody can say:
 }
map-gaps-unasked = The policy here asks for neither stations nor Party organisations.
list-comma = {", "}
