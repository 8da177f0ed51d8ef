"""The voices that engines bring themselves: the nearest to a recording, and those that speak for voices that are gone."""
