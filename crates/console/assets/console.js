// The little that pages need a script for and htmx does not do. Without it everything still works.
"use strict";
