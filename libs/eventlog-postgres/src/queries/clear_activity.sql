select gone, more from clear_activity($1)
