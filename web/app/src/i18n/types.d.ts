import type chatEn from '../chat/texts/en';
import type testEn from '../connection-test/texts/en';
import type filesEn from '../files/texts/en';
import type hostingEn from '../hosting/texts/en';
import type rehearsalEn from '../prejoin/rehearsal/texts/en';
import type pictureEn from '../quality-choice/texts/en';
import type statsEn from '../statistics/texts/en';
import type voiceEn from '../voice/texts/en';
import type en from './en';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: {
      translation: typeof en;
      test: typeof testEn;
      voice: typeof voiceEn;
      rehearsal: typeof rehearsalEn;
      stats: typeof statsEn;
      picture: typeof pictureEn;
      files: typeof filesEn;
      chat: typeof chatEn;
      hosting: typeof hostingEn;
    };
    keySeparator: false;
    nsSeparator: false;
  }
}
