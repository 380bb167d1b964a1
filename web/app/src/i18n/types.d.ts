import type testEn from '../connection-test/texts/en';
import type chatEn from '../chat/texts/en';
import type en from './en';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en; test: typeof testEn; chat: typeof chatEn };
    keySeparator: false;
    nsSeparator: false;
  }
}
