// A bare argument of `sendonce why` is read as what a person most likely means.
