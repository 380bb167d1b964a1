import type testEn from '../connection-test/texts/en';
import type hostingEn from '../hosting/texts/en';
import type en from './en';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en; test: typeof testEn; hosting: typeof hostingEn };
    keySeparator: false;
    nsSeparator: false;
  }
}
