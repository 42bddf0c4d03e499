# The dispatcher's desk
desk-views = Views
desk-search = Search
desk-search-example = number, words, pinyin
col-matter = Matter
view-open = Open
view-mine = Given to me
view-intake = To accept
view-offered = From other nodes
view-unplaced = Without a place
view-all = All
empty-open = No open cases. New reports appear here by themselves.
empty-mine = Nothing is given to you.
empty-intake = Nothing waits to be accepted.
empty-offered = No other node offers a case.
empty-unplaced = Every case has its place.
empty-all = Nothing found. Try another word.
