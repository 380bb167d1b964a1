import type testEn from '../connection-test/texts/en';
import type filesEn from '../files/texts/en';
import type en from './en';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en; test: typeof testEn; files: typeof filesEn };
    keySeparator: false;
    nsSeparator: false;
  }
}
