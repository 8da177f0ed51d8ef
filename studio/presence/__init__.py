"""Whether somebody is with the studio at this moment, for work that gives way to them."""
