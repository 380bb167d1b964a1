import i18next from 'i18next';
import en from './en';
import chinese from './zh-CN';

// A namespace of their own, so that whoever goes straight in goes without them.
i18next.addResourceBundle('en', 'rehearsal', en);
i18next.addResourceBundle('zh-CN', 'rehearsal', chinese);
