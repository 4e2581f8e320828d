// What notifications say, by kind and language: data, and filling it in. Mails have templates of their own.
import type { NotificationKind } from '../../contracts/notification.ts'
import type { NotificationText } from './make.ts'

/** `title` is the document's. `name`: who asks (signature_requested) or who has signed (signer_signed). `verdict` is a check's. */
export type WordFacts = { title: string; name?: string; verdict?: string }

type Words = Readonly<Record<NotificationKind, readonly [title: string, text: string, textWithoutName?: string]>>

const english: Words = {
  signature_requested: ['Please sign: {title}', '{name} asks you to sign “{title}”.', 'You are asked to sign “{title}”.'],
  signer_signed: ['Signed: {title}', '{name} has signed “{title}”.', 'A signer has signed “{title}”.'],
  envelope_declined: ['Declined: {title}', 'A signer has declined to sign “{title}”. It will not be completed.'],
  envelope_completed: ['Completed: {title}', 'All signers have signed “{title}”. Its sealed copy is ready.'],
  envelope_expired: ['Expired: {title}', 'The time for signing “{title}” is over.'],
  envelope_canceled: ['Canceled: {title}', 'The request to sign “{title}” was canceled.'],
  envelope_seal_failed: ['Not sealed: {title}', 'All signers have signed “{title}”, but its sealed copy could not be made.'],
  check_final: ['Checked: {title}', 'The check of “{title}” has ended: {verdict}.'],
}

const german: Words = {
  signature_requested: [
    'Bitte unterschreiben: {title}',
    '{name} bittet Sie, „{title}“ zu unterschreiben.',
    'Sie werden gebeten, „{title}“ zu unterschreiben.',
  ],
  signer_signed: ['Unterschrieben: {title}', '{name} hat „{title}“ unterschrieben.', 'Jemand hat „{title}“ unterschrieben.'],
  envelope_declined: ['Abgelehnt: {title}', 'Die Unterschrift unter „{title}“ wurde abgelehnt. Das Dokument kommt nicht zustande.'],
  envelope_completed: ['Abgeschlossen: {title}', 'Alle haben „{title}“ unterschrieben. Die versiegelte Kopie ist fertig.'],
  envelope_expired: ['Abgelaufen: {title}', 'Die Frist für die Unterschriften unter „{title}“ ist vorbei.'],
  envelope_canceled: ['Zurückgezogen: {title}', 'Die Bitte, „{title}“ zu unterschreiben, wurde zurückgezogen.'],
  envelope_seal_failed: [
    'Nicht versiegelt: {title}',
    'Alle haben „{title}“ unterschrieben, aber die versiegelte Kopie konnte nicht erstellt werden.',
  ],
  check_final: ['Geprüft: {title}', 'Die Prüfung von „{title}“ ist beendet: {verdict}.'],
}

const french: Words = {
  signature_requested: [
    'Merci de signer : {title}',
    '{name} vous demande de signer « {title} ».',
    'On vous demande de signer « {title} ».',
  ],
  signer_signed: ['Signé : {title}', '{name} a signé « {title} ».', 'Un signataire a signé « {title} ».'],
  envelope_declined: ['Refusé : {title}', 'Un signataire a refusé de signer « {title} ». Ce document ne sera pas mené à terme.'],
  envelope_completed: ['Terminé : {title}', 'Tous les signataires ont signé « {title} ». Sa copie scellée est prête.'],
  envelope_expired: ['Expiré : {title}', 'Le délai de signature de « {title} » est passé.'],
  envelope_canceled: ['Annulé : {title}', 'La demande de signature de « {title} » a été annulée.'],
  envelope_seal_failed: [
    'Non scellé : {title}',
    'Tous les signataires ont signé « {title} », mais sa copie scellée n’a pas pu être établie.',
  ],
  check_final: ['Vérifié : {title}', 'La vérification de « {title} » est terminée : {verdict}.'],
}

const portuguese: Words = {
  signature_requested: ['Por favor, assine: {title}', '{name} pede que assine “{title}”.', 'Pedem-lhe que assine “{title}”.'],
  signer_signed: ['Assinado: {title}', '{name} assinou “{title}”.', 'Um signatário assinou “{title}”.'],
  envelope_declined: ['Recusado: {title}', 'Um signatário recusou assinar “{title}”. O documento não será concluído.'],
  envelope_completed: ['Concluído: {title}', 'Todos os signatários assinaram “{title}”. A cópia selada está pronta.'],
  envelope_expired: ['Expirado: {title}', 'O prazo para assinar “{title}” terminou.'],
  envelope_canceled: ['Cancelado: {title}', 'O pedido de assinatura de “{title}” foi cancelado.'],
  envelope_seal_failed: ['Não selado: {title}', 'Todos os signatários assinaram “{title}”, mas a cópia selada não pôde ser feita.'],
  check_final: ['Verificado: {title}', 'A verificação de “{title}” terminou: {verdict}.'],
}

const afrikaans: Words = {
  signature_requested: ['Teken asseblief: {title}', '{name} vra u om “{title}” te teken.', 'U word gevra om “{title}” te teken.'],
  signer_signed: ['Geteken: {title}', '{name} het “{title}” geteken.', '’n Ondertekenaar het “{title}” geteken.'],
  envelope_declined: ['Geweier: {title}', '’n Ondertekenaar het geweier om “{title}” te teken. Dit sal nie voltooi word nie.'],
  envelope_completed: ['Voltooi: {title}', 'Almal het “{title}” geteken. Die verseëlde kopie is gereed.'],
  envelope_expired: ['Verstryk: {title}', 'Die tyd om “{title}” te teken is verby.'],
  envelope_canceled: ['Gekanselleer: {title}', 'Die versoek om “{title}” te teken is gekanselleer.'],
  envelope_seal_failed: ['Nie verseël nie: {title}', 'Almal het “{title}” geteken, maar die verseëlde kopie kon nie gemaak word nie.'],
  check_final: ['Nagegaan: {title}', 'Die kontrole van “{title}” is klaar: {verdict}.'],
}

const byLanguage: Readonly<Record<string, Words>> = { en: english, de: german, fr: french, pt: portuguese, af: afrikaans }

/** In the language of a tag such as `pt-BR`; English where it is not spoken here. */
export function notificationWords(kind: NotificationKind, locale: string, facts: WordFacts): NotificationText {
  const language = locale.split('-', 1)[0]?.toLowerCase() ?? ''
  const words = Object.hasOwn(byLanguage, language) ? (byLanguage[language] ?? english) : english
  const [title, text, textWithoutName] = words[kind]
  return { title: fill(title, facts), text: fill(facts.name === undefined ? (textWithoutName ?? text) : text, facts) }
}

/** Values are taken as they are: braces in one are not filled again. */
function fill(text: string, facts: WordFacts): string {
  const values: Readonly<Record<string, string | undefined>> = { ...facts }
  return text.replace(/\{([a-z]+)\}/g, (_, word: string) => values[word] ?? '')
}
