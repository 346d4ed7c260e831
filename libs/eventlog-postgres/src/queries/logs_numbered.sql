select set_config('trilby.logs', $1, true)
