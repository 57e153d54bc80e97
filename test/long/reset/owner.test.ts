import { testRandomResets } from '../../support/testing/random-resets.js';

testRandomResets('the owner', false);
