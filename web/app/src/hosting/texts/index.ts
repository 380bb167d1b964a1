import i18next from 'i18next';
import en from './en';
import chinese from './zh-CN';

// A namespace of their own, so that the first load of a meeting goes without them.
i18next.addResourceBundle('en', 'hosting', en);
i18next.addResourceBundle('zh-CN', 'hosting', chinese);
