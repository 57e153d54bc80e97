import { testRandomResets } from '../../support/testing/random-resets.js';

testRandomResets('a superuser', true);
