# Import and export
section-files = Import and export
files-what = A preview names every problem by row and column; nothing is stored until you say so. The same file once more changes nothing.
files-wrong-next = Check the file and the choices, then try again.
files-in = Import
files-out = Export
files-places = Divisions and grids
files-people = People and appointments
files-orders = Work orders
files-kind-places = Headers such as code, name, level, parent, households, longitude, latitude, boundary; Excel, CSV (UTF-8 or GBK), GeoJSON.
files-kind-people = Headers such as name, telephone, role, grid code, since.
files-kind-orders = Read by the source's mapping; each order becomes one case, once.
files-file = File
files-system = Coordinate system
files-system-when = (where there are coordinates)
files-no-points = no coordinates
files-complete = The file is complete: places of its levels that are not in it will end
files-source = Source
files-preview = Preview
files-out-places = Every place in force; it can be changed and brought back. Coordinates are WGS-84.
files-out-people = Those whom your power over the roster reaches, with their present appointments; it can be changed and brought back. The file holds names and telephone numbers: say what it is for; the export is put in the access log.
files-purpose = What for
files-out-orders = How far each work order of a source is, in the terms that the source uses.
files-format = Format
files-ids = With place ids (to rename places and bring them back here)
files-download = Download
files-would = preview
files-done = result
files-under-way = under way
files-under-way-look = See how far it is
files-under-way-leave = You may leave this page: the work goes on, and “Import and export” leads back here.
files-progress = { $m } of { $n } done
files-reading = Reading the file…
files-began = begun { $when }
files-errors = { $n ->
    [one] 1 error; its row would be left out.
   *[other] { $n } errors; those rows would be left out.
 }
files-warnings = { $n ->
    [one] 1 thing to check.
   *[other] { $n } things to check.
 }
files-sound = Nothing wrong was found.
files-nothing-yet = Nothing has been stored yet.
files-taken = Taken in.
files-left-out = { $n ->
    [one] The row of 1 error was left out: put it right and bring the file once more.
   *[other] The rows of { $n } errors were left out: put them right and bring the file once more.
 }
files-apply = Take it in ({ $n ->
    [one] 1 change
   *[other] { $n } changes
 })
files-apply-rest = Take in the sound rows ({ $n ->
    [one] 1 change
   *[other] { $n } changes
 })
files-nothing-to-do = There is nothing to change.
files-sheet-of-errors = Download the problems
files-another = Another file
files-problems = Problems
files-severity = Severity
files-sheet = Sheet
files-row = Where
files-column = Column
files-value = Content
files-problem = What to do
files-row-n = row { $n }
files-whole = the whole file
files-unlisted = { $n ->
    [one] 1 more is not listed; put these right first.
   *[other] { $n } more are not listed; put these right first.
 }
files-changes = Places that change
severity-error = error
severity-warning = to check
severity-note = note
count-rows = Rows
count-new = New
count-opened = New cases
count-appointments = Appointments
count-changed = Changed
count-ended = Ended
count-unchanged = Unchanged
count-repeated = Known already
count-skipped = Skipped
count-refused = Refused
system-wgs84 = WGS-84, CGCS2000
system-gcj02 = GCJ-02 (AMap, Tencent)
system-bd09 = BD-09 (Baidu)
