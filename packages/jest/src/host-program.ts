// The host of a run in a process of its own, where nobody has begun one: of this package's copy of the engine.
import '@pg-evict/testing/host-program';
